import type { Community, Service } from '../../domain/communities/community.ts';
import { accessTo, type Member } from '../../domain/memberships/member.ts';
import { readSharing, type Sharing } from '../../domain/services/sharing-store.ts';
import { withdrawConsent } from '../../domain/services/withdraw-consent.ts';
import type { Dates } from '../../platform/i18n/dates.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { CLAIMS_BY_SCOPE, memberClaims } from '../../protocols/oidc/claims.ts';
import { claimItem } from '../components/claim-items.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { requireSignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { ServiceView } from './pages.ts';
import { timesFor } from './times.ts';

export const ACCOUNT_SERVICE_ROUTES: CommunityRoutes = [
  ['GET', /^\/account\/services$/, showServices],
  ['POST', /^\/account\/services\/([a-z0-9-]+)\/withdraw$/, submitWithdrawal],
];

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

async function showServices(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireSignedIn(request);
  if (who === undefined) return;
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
      notice: request.ctx.query.notice === 'withdrawn' ? 'withdrawn' : undefined,
    },
    { member },
  );
}

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

/** POST ISSUER/account/services/SLUG/withdraw: the service has to ask again. */
async function submitWithdrawal(
  parts: WebParts,
  request: CommunityRequest,
  [slug]: string[],
): Promise<void> {
  const who = await requireSignedIn(request);
  if (who === undefined) return;
  await request.form();
  const { community } = request;
  const service = community.services.find((one) => one.slug === slug);
  if (service === undefined) throw notFound('service');
  await parts.database.transaction((tx) =>
    withdrawConsent(tx, community.id, service.id, who.member.subject),
  );
  await parts.settle();
  request.redirect('/account/services?notice=withdrawn');
}
