import { z } from 'zod';
import type { Community, Service } from '../../domain/communities/community.ts';
import { listPublicCommunities } from '../../domain/communities/list-communities.ts';
import { isOpenToNewcomers } from '../../domain/communities/open-to-newcomers.ts';
import { accessTo, type Member } from '../../domain/memberships/member.ts';
import { recoveryOf } from '../../domain/recovery/assisted-recovery.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import { requestAccess } from '../../domain/services/request-access.ts';
import { staysOpen, toOpenService } from '../../domain/services/stays-open.ts';
import { endMemberSessions } from '../../domain/sessions/end-sessions.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { noFields, oneOf, slug } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { hubRoute } from '../routing/hub-request.ts';
import { anyone, member as memberGuard, memberOrVisitor } from '../routing/who.ts';

/** What a member can ask for, has asked for, or was refused. */
const ASKED = ['approval', 'requested', 'blocked'];

export const HOME_ROUTES: CommunityRoute[] = [
  // The services that the member may use, as tiles; a click goes in.
  route({
    method: 'GET',
    path: '/',
    who: memberOrVisitor,
    query: z.object({ notice: oneOf('requested', 'recovery-refused') }),
    async handle({ parts, request, who, query: { notice } }) {
      if (who === undefined) return showFront(request);
      const { member } = who;
      const { community, issuer } = request;
      const recovery = await recoveryOf(parts.database, community.id, member.subject);
      const requestable = community.services.flatMap((service) => {
        const access = accessTo(community, service, member);
        if (access.allowed || !ASKED.includes(access.reason)) return [];
        // Shut out of a service that nobody asks for is no answer to anything.
        if (access.reason === 'blocked' && service.access !== 'approval') return [];
        return [
          {
            ...tile(service),
            action: `${issuer.basePath}/services/${service.slug}/request`,
            csrf: request.csrf(),
            state: access.reason as 'approval' | 'requested' | 'blocked',
          },
        ];
      });
      request.page(
        {
          page: 'home',
          member: { displayName: member.displayName, username: member.username },
          services: usable(community, member).map((service) => ({
            ...tile(service),
            ...entrance(service),
          })),
          requestable,
          adminUrl: member.role === 'member' ? undefined : `${issuer.basePath}/admin`,
          notice,
          recovery: recovery && {
            requestedBy: recovery.requestedByName,
            action: `${issuer.basePath}/account/recovery/refuse`,
            csrf: request.csrf(),
          },
          secondFactorDue: secondFactorDue(request, member),
          signOutEverywhere: {
            action: `${issuer.basePath}/sign-out-everywhere`,
            csrf: request.csrf(),
            open: staysOpen(community, member, {}).map(toOpenService),
          },
        },
        { member },
      );
    },
  }),
  // Asks to be let in to a service that takes approval.
  route({
    method: 'POST',
    path: '/services/:slug/request',
    params: z.object({ slug }),
    who: memberGuard,
    form: noFields,
    async handle({ parts, request, who, params: { slug } }) {
      const { community } = request;
      const service = community.services.find((candidate) => candidate.slug === slug);
      if (service === undefined || service.access !== 'approval') throw notFound('service');
      await parts.database.transaction((tx) =>
        requestAccess(
          tx,
          { id: community.id, issuerUrl: request.issuer.url },
          service.id,
          who.member.subject,
        ),
      );
      await parts.settle();
      request.redirect('/?notice=requested');
    },
  }),
  // Ends all sessions of the member, on every device, and tells the apps.
  route({
    method: 'POST',
    path: '/sign-out-everywhere',
    who: memberGuard,
    form: noFields,
    async handle({ parts, request, who }) {
      const { subject } = who.member;
      await parts.database.transaction(async (tx) => {
        const ended = await endMemberSessions(tx, request.community.id, [subject]);
        // Of two at once, the other ended them.
        if (ended === 0) return;
        await recordEvents(tx, [
          {
            communityId: request.community.id,
            type: 'member.signed-out-everywhere',
            actor: `member:${subject}`,
            subject,
            details: { sessions: ended },
          },
        ]);
      });
      await parts.settle();
      request.redirect('/login');
    },
  }),
];

/** What a community shows to those who are not signed in. */
function showFront({ community, issuer, page }: CommunityRequest): void {
  const { description, town, links } = community;
  page({
    page: 'front',
    description: description ?? undefined,
    town: town ?? undefined,
    links,
    loginUrl: `${issuer.basePath}/login`,
    joinUrl: isOpenToNewcomers(community) ? `${issuer.basePath}/register` : undefined,
  });
}

/** The hub's own front door. */
export const HUB_HOME = hubRoute({
  method: 'GET',
  path: '/',
  who: anyone,
  // A password manager brought somebody who is to choose their community first.
  query: z.object({ to: oneOf('password', 'passkeys') }),
  async handle({ parts, request, query: { to } }) {
    const rows = await listPublicCommunities(parts.database);
    request.page({
      page: 'hub-home',
      to,
      communities: rows.map(({ slug, name, description, town, logoHash }) => ({
        name,
        description: description ?? undefined,
        town: town ?? undefined,
        logoUrl: logoHash === null ? undefined : `/c/${slug}/logo?v=${logoHash.slice(0, 16)}`,
        slug,
        url: to === undefined ? `/c/${slug}` : `/c/${slug}/account/${to}`,
      })),
    });
  },
});

/** Whoever will need a second factor and has none is told until when there is time. */
function secondFactorDue({ community, issuer, ctx }: CommunityRequest, member: Member) {
  const { required, from, inForce } = secondFactorRequirement(community, member);
  if (!required || inForce || from === undefined || member.secondFactor) return undefined;
  return {
    date: datesFor(localeOf(ctx, community.locale), member.zoneinfo).day(from),
    url: `${issuer.basePath}/account/two-factors`,
  };
}

function usable(community: Community, member: Member): Service[] {
  return community.services.filter((service) => accessTo(community, service, member).allowed);
}

function tile(service: Service) {
  return {
    slug: service.slug,
    name: service.name,
    description: service.description ?? undefined,
    icon: service.icon ?? undefined,
  };
}

/** Where a click leads: straight into a sign-in where the app can start one (Core §4), else to the app. */
function entrance(service: Service): { url?: string; host?: string } {
  const address = service.client?.initiateLoginUri ?? service.url;
  if (address === null) return {};
  const url = new URL(address);
  if (service.client?.initiateLoginUri != null) url.searchParams.set('iss', service.client.issuer);
  return { url: url.href, host: new URL(service.url ?? address).host };
}
