import type { Queryable, Transaction } from '../../platform/database/database.ts';
import type { HostClaim, HostUse, Proof } from './host-claim.ts';

const CLAIM = `community_id AS "communityId", host, for_web AS web, for_ldap AS ldap, token, proof,
  claimed_at AS "claimedAt", expires_at AS "expiresAt", checked_at AS "checkedAt",
  missing_since AS "missingSince", told_at AS "toldAt"`;
const LIVE = '(expires_at IS NULL OR expires_at > now())';

/** Claims of a community, proven or not, by host; what has expired is none. */
export function listClaims(db: Queryable, communityId: string): Promise<HostClaim[]> {
  return db.query<HostClaim>(
    `SELECT ${CLAIM} FROM host_claims WHERE community_id = $1 AND ${LIVE} ORDER BY host`,
    [communityId],
  );
}

export async function findClaim(
  db: Queryable,
  communityId: string,
  host: string,
): Promise<HostClaim | undefined> {
  const [claim] = await db.query<HostClaim>(
    `SELECT ${CLAIM} FROM host_claims WHERE community_id = $1 AND host = $2 AND ${LIVE}`,
    [communityId, host],
  );
  return claim;
}

/** Whose a host is on this hub: its web's or its LDAP's; undefined while it is nobody's. */
export async function holderOf(db: Queryable, host: string): Promise<string | undefined> {
  const [holder] = await db.query<{ id: string }>(
    `SELECT community_id AS id FROM community_hosts WHERE host = $1
     UNION ALL SELECT community_id FROM community_ldap_hosts WHERE host = $1 LIMIT 1`,
    [host],
  );
  return holder?.id;
}

/** Of a host that was claimed before and is no more, the claim begins anew. */
export async function insertClaim(
  tx: Transaction,
  claim: HostUse & { communityId: string; host: string; token: string; days: number },
): Promise<void> {
  const { communityId, host, web, ldap, token, days } = claim;
  await tx.query(
    `INSERT INTO host_claims (community_id, host, for_web, for_ldap, token, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 day')
     ON CONFLICT (community_id, host) DO UPDATE SET for_web = EXCLUDED.for_web, for_ldap = EXCLUDED.for_ldap,
       token = EXCLUDED.token, claimed_at = now(), expires_at = EXCLUDED.expires_at, checked_at = NULL`,
    [communityId, host, web, ldap, token, days],
  );
}

export async function setClaimUse(
  tx: Transaction,
  { communityId, host, web, ldap }: HostUse & { communityId: string; host: string },
): Promise<void> {
  await tx.query(
    'UPDATE host_claims SET for_web = $3, for_ldap = $4 WHERE community_id = $1 AND host = $2',
    [communityId, host, web, ldap],
  );
}

export async function deleteClaim(
  tx: Transaction,
  communityId: string,
  host: string,
): Promise<void> {
  await tx.query('DELETE FROM host_claims WHERE community_id = $1 AND host = $2', [
    communityId,
    host,
  ]);
}

type Named = Pick<HostClaim, 'communityId' | 'host' | 'token'>;

/** @returns whether the claim is still the one that was checked */
export async function noteChecked(
  tx: Transaction,
  { communityId, host, token }: Named,
  found: Proof | undefined,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE host_claims SET checked_at = now(), proof = COALESCE($4, proof),
       proven_at = CASE WHEN $4::text IS NOT NULL THEN COALESCE(proven_at, now()) ELSE proven_at END,
       expires_at = CASE WHEN $4::text IS NOT NULL THEN NULL ELSE expires_at END,
       missing_since = CASE WHEN $4::text IS NOT NULL THEN NULL ELSE missing_since END,
       told_at = CASE WHEN $4::text IS NOT NULL THEN NULL ELSE told_at END
     WHERE community_id = $1 AND host = $2 AND token = $3 AND ${LIVE} RETURNING 1`,
    [communityId, host, token, found ?? null],
  );
  return rows.length > 0;
}

/** Proven hosts that were not looked at for a day; for six hours, where the proof was gone. */
export function claimsToLookAt(db: Queryable, now: Date, limit: number): Promise<HostClaim[]> {
  return db.query<HostClaim>(
    `SELECT ${CLAIM} FROM host_claims WHERE proven_at IS NOT NULL AND checked_at <
       $1::timestamptz - CASE WHEN missing_since IS NULL THEN interval '1 day' ELSE interval '6 hours' END
     ORDER BY checked_at LIMIT $2`,
    [now, limit],
  );
}

export async function noteLooked(
  tx: Transaction,
  { communityId, host, token }: Named,
  seen: { now: Date; proof: Proof | null; missingSince: Date | null; toldAt: Date | null },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE host_claims SET checked_at = $4, proof = COALESCE($5, proof), missing_since = $6, told_at = $7
     WHERE community_id = $1 AND host = $2 AND token = $3 AND proven_at IS NOT NULL RETURNING 1`,
    [communityId, host, token, seen.now, seen.proof, seen.missingSince, seen.toldAt],
  );
  return rows.length > 0;
}
