import { Readable } from 'node:stream';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Dates } from '../../platform/i18n/dates.ts';
import { noFields } from '../../platform/web/form-fields.ts';
import {
  collectMembership,
  collectPerson,
  listMembershipsOf,
  type MembershipExport,
} from '../../transfer/personal-export/collect-export.ts';
import { writeExport } from '../../transfer/personal-export/write-export.ts';
import { timesFor } from '../components/times.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { memberRecent } from '../routing/who.ts';
import type { ExportPage } from './export-pages.ts';
import { itemsOf } from './service-routes.ts';

export const EXPORT_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/export',
    who: memberRecent,
    handle({ request, who: { member } }) {
      const action = `${request.issuer.basePath}/account/export`;
      request.page(
        { page: 'account/export', action, csrf: request.csrf(), summaryUrl: `${action}/summary` },
        { member },
      );
    },
  }),
  // By POST: a link of another site must not start it, nor fill the timeline.
  route({
    method: 'POST',
    path: '/account/export',
    who: memberRecent,
    form: noFields,
    async handle({ parts, request, who: { member, personId } }) {
      const { ctx, community } = request;
      const { subject } = member;
      await parts.database.transaction((tx) =>
        recordEvents(tx, [
          { communityId: community.id, type: 'export.made', actor: `member:${subject}`, subject },
        ]),
      );
      ctx.type = 'application/json; charset=utf-8';
      ctx.set('Content-Disposition', `attachment; filename="trousseau-${community.slug}.json"`);
      ctx.body = Readable.from(writeExport(parts.database, personId));
    },
  }),
  route({
    method: 'GET',
    path: '/account/export/summary',
    who: memberRecent,
    async handle({ parts, request, who: { member, personId } }) {
      const times = timesFor(request, member);
      const person = await collectPerson(parts.database, personId);
      const memberships: MembershipExport[] = [];
      for (const key of await listMembershipsOf(parts.database, personId))
        memberships.push(await collectMembership(parts.database, key));
      const page: ExportPage = {
        page: 'account/export-summary',
        exportUrl: `${request.issuer.basePath}/account/export`,
        person: {
          since: times.day(person.since),
          emails: person.emails.map(({ address, provenAt }) => ({
            address,
            proven: provenAt !== null,
          })),
          passkeys: person.passkeys.map(({ name, host }) => `${name} (${host})`),
          totp: person.authenticatorApp !== null,
          recoveryCodesLeft: person.recoveryCodesLeft,
        },
        memberships: memberships.map((membership) => summaryOf(membership, times)),
      };
      request.page(page, { member });
    },
  }),
];

/** Fields of the profile that are shown, in this order. */
const FIELDS = [
  'username',
  'displayName',
  'givenName',
  'familyName',
  'nickname',
  'pronouns',
  'email',
  'role',
] as const;

function summaryOf(membership: MembershipExport, times: Dates) {
  const { community, subject, profile, groups, answers, services, appPasswords, sessions } =
    membership;
  return {
    community: community.name,
    subject,
    profile: FIELDS.flatMap((field) => {
      const value = profile[field];
      return typeof value === 'string' && value !== '' ? [{ field, value }] : [];
    }),
    groups,
    answers,
    services: services.map(({ name, received }) => ({
      name,
      items: itemsOf(received?.claims ?? {}, times),
      last: received === null ? undefined : times.day(received.lastAt),
    })),
    appPasswords: appPasswords.map(({ name, service }) => `${name} (${service})`),
    sessions: sessions.length,
  };
}
