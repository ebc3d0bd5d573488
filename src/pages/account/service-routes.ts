import { z } from 'zod';
import type { Community, Service } from '../../domain/communities/community.ts';
import { accessTo, type Member } from '../../domain/memberships/member.ts';
import { readSharing, type Sharing } from '../../domain/services/sharing-store.ts';
import { withdrawConsent } from '../../domain/services/withdraw-consent.ts';
import type { Dates } from '../../platform/i18n/dates.ts';
import { noFields, oneOf, slug } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { CLAIMS_BY_SCOPE, memberClaims } from '../../protocols/oidc/claims.ts';
import { claimItem } from '../components/claim-items.ts';
import { timesFor } from '../components/times.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { member } from '../routing/who.ts';
import type { ServiceView } from './pages.ts';

/** What a reader of the directory sees of people (src/ldap/entries/entry-types.ts), by its claim's name. */
const READ_BY_DIRECTORY = [
  'preferred_username',
  'name',
  'given_name',
  'family_name',
  'email',
  'locale',
  'groups',
];
const ORDER = Object.values(CLAIMS_BY_SCOPE).flat();

export const ACCOUNT_SERVICE_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/services',
    who: member,
    query: z.object({ notice: oneOf('withdrawn') }),
    async handle({ parts, request, who, query: { notice } }) {
      const { member } = who;
      const { community, issuer } = request;
      const sharing = await readSharing(parts.database, community.id, member.subject);
      const times = timesFor(request, member);
      const values = memberClaims(community, member, issuer.url);
      request.page(
        {
          page: 'account/services',
          action: `${issuer.basePath}/account/services`,
          csrf: request.csrf(),
          services: community.services
            .map((service) => describe(community, service, member, { sharing, times, values }))
            .filter(({ state, received, agreed }) => state !== 'closed' || received || agreed),
          notice,
        },
        { member },
      );
    },
  }),
  // The service has to ask again.
  route({
    method: 'POST',
    path: '/account/services/:slug/withdraw',
    params: z.object({ slug }),
    who: member,
    form: noFields,
    async handle({ parts, request, who, params }) {
      const { community } = request;
      const service = community.services.find((one) => one.slug === params.slug);
      if (service === undefined) throw notFound('service');
      await parts.database.transaction((tx) =>
        withdrawConsent(tx, community.id, service.id, who.member.subject),
      );
      await parts.settle();
      request.redirect('/account/services?notice=withdrawn');
    },
  }),
];

type Known = { sharing: Sharing; times: Dates; values: Record<string, unknown> };

function describe(
  community: Community,
  service: Service,
  member: Member,
  { sharing, times, values }: Known,
): ServiceView {
  const ofService = ({ serviceId }: { serviceId: string }) => serviceId === service.id;
  const disclosure = sharing.disclosures.find(ofService);
  const consent = sharing.consents.find(ofService);
  const access = accessTo(community, service, member);
  const isRead = access.allowed && sharing.readers.includes(service.id);
  return {
    slug: service.slug,
    name: service.name,
    icon: service.icon ?? undefined,
    description: service.description ?? undefined,
    url: service.url ?? undefined,
    state: access.allowed ? 'open' : access.reason === 'requested' ? 'requested' : 'closed',
    received: disclosure && {
      items: itemsOf(disclosure.claims, times),
      first: times.moment(disclosure.firstAt),
      last: times.moment(disclosure.lastAt),
    },
    directory: isRead
      ? itemsOf(
          Object.fromEntries(
            READ_BY_DIRECTORY.filter((name) => name in values).map((name) => [name, values[name]]),
          ),
          times,
        )
      : undefined,
    agreed: consent && {
      kind: consent.kind,
      scopes: consent.scopes,
      on: times.day(consent.givenAt),
    },
  };
}

/** Claims as a member reads them, in the order in which apps ask for them. */
export function itemsOf(claims: Record<string, unknown>, times: Dates) {
  const place = (claim: string) => ORDER.indexOf(claim) + 1 || ORDER.length + 1;
  return Object.entries(claims)
    .sort(([a], [b]) => place(a) - place(b))
    .map(([claim, value]) => claimItem(claim, value, times));
}
