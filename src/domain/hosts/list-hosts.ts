import type { Queryable } from '../../platform/database/database.ts';
import type { HostClaim, HostUse, Proof } from './host-claim.ts';
import { listClaims } from './host-claim-store.ts';

/** A host of a community as its people see it. */
export type ListedHost = HostUse & {
  host: string;
  state: 'claimed' | 'proven';
  /** What showed it; `operator`: nothing had to. Null for one that is claimed. */
  by: Proof | 'operator' | null;
  claim: HostClaim | undefined;
};

/** What is a community's, in its order, and then what it claims. */
export async function listHosts(db: Queryable, communityId: string): Promise<ListedHost[]> {
  const own = await db.query<HostUse & { host: string }>(
    `SELECT host, bool_or(web) AS web, bool_or(ldap) AS ldap FROM (
       SELECT host, position, true AS web, false AS ldap FROM community_hosts WHERE community_id = $1
       UNION ALL SELECT host, position, false, true FROM community_ldap_hosts WHERE community_id = $1) h
     GROUP BY host ORDER BY bool_or(web) DESC, min(position), host`,
    [communityId],
  );
  const claims = await listClaims(db, communityId);
  const claimOf = (host: string) => claims.find((claim) => claim.host === host);
  const proven = own.map((entry): ListedHost => {
    const claim = claimOf(entry.host);
    return { ...entry, state: 'proven', by: claim?.proof ?? 'operator', claim };
  });
  const claimed = claims
    .filter(({ proof }) => proof === null)
    .map((claim): ListedHost => {
      const { host, web, ldap } = claim;
      return { host, web, ldap, state: 'claimed', by: null, claim };
    });
  return [...proven, ...claimed];
}
