import { listAddresses } from '../../domain/addresses/address-store.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { readSessions } from '../components/session-view.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { member } from '../routing/who.ts';
import type { AccountPage } from './pages.ts';

type Overview = Extract<AccountPage, { page: 'account/overview' }>;
type Check = Overview['checks'][number];

const DEVICES_SHOWN = 3;
/** With so few codes left it is time to make new ones. */
const FEW_CODES = 3;

/** How the account stands, in one look, and the way to all that can be done about it. */
export const OVERVIEW_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account',
    who: member,
    async handle({ parts, request, who }) {
      const { member } = who;
      const { basePath } = request.issuer;
      const devices = await readSessions(parts, request, { of: who.member.subject, reader: who });
      const communities = await readCommunities(parts, member.personId, request.community.id);
      request.page(
        {
          page: 'account/overview',
          base: `${basePath}/account`,
          member: {
            displayName: member.displayName,
            username: member.username,
            pictureUrl:
              member.pictureKey === null ? undefined : `${basePath}/pictures/${member.pictureKey}`,
          },
          checks: await readChecks(parts, request, member),
          devices: devices.slice(0, DEVICES_SHOWN),
          moreDevices: Math.max(0, devices.length - DEVICES_SHOWN),
          communities: communities.length > 1 ? communities : [],
        },
        { member },
      );
    },
  }),
];

async function readChecks(
  { database }: WebParts,
  request: CommunityRequest,
  member: Member,
): Promise<Check[]> {
  const base = `${request.issuer.basePath}/account`;
  const factors = await readFactors(database, member.personId);
  const has = hasSecondFactor(factors);
  const { required, from } = secondFactorRequirement(request.community, member);
  const url = `${base}/two-factors`;
  const checks: Check[] = [
    {
      kind: 'second-factor',
      state: has ? 'good' : required ? 'required' : 'missing',
      url,
      date: from && timesFor(request, member).day(from),
    },
  ];
  if (has) {
    const count = factors.recoveryCodesLeft;
    const state = count === 0 ? 'missing' : count <= FEW_CODES ? 'few' : 'good';
    checks.push({ kind: 'recovery-codes', state, url, count });
  }
  const own = await listAddresses(database, member.personId);
  const chosen = own.find(({ address }) => address === member.email);
  checks.push({
    kind: 'email',
    // As the page of the addresses has it: the word of others does not let the member use it elsewhere.
    state: !chosen ? 'missing' : chosen.standing === 'proven' ? 'good' : 'unverified',
    url: `${base}/emails`,
    address: member.email ?? undefined,
  });
  return checks;
}

type Row = { id: string; slug: string; name: string; host: string | null };

/** The communities that a person is in. Each of them knows of none of the others: only the person sees this. */
async function readCommunities(
  { database, config }: { database: Queryable } & Pick<WebParts, 'config'>,
  personId: string,
  hereId: string,
): Promise<Overview['communities']> {
  const rows = await database.query<Row>(
    `SELECT c.id, c.slug, c.name, (SELECT h.host FROM community_hosts h
       WHERE h.community_id = c.id ORDER BY h.position, h.host LIMIT 1) AS host
     FROM memberships m JOIN communities c ON c.id = m.community_id
     WHERE m.person_id = $1 AND m.status = 'active' AND c.state = 'active' ORDER BY c.name, c.id`,
    [personId],
  );
  return rows.map(({ id, slug, name, host }) => ({
    name,
    url: host === null ? `${config.url.origin}/c/${slug}` : `https://${host}`,
    here: id === hereId,
  }));
}
