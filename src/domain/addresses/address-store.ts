import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';

/** An address of a person. */
export type OwnAddress = {
  address: string;
  /** Somebody's word for it, or the person's own proof. */
  isVerified: boolean;
  /** The person opened a link that was sent to it. */
  isProven: boolean;
  /** Communities that use it, of memberships that are not over. */
  communityIds: string[];
};

/** All addresses of a person, the oldest first. */
export async function listAddresses(db: Queryable, personId: string): Promise<OwnAddress[]> {
  return db.query<OwnAddress>(
    `SELECT e.address, e.verified_at IS NOT NULL AS "isVerified", e.proven_at IS NOT NULL AS "isProven",
       ARRAY(SELECT m.community_id FROM memberships m
         WHERE m.person_id = e.person_id AND m.email = e.address AND m.status <> 'left') AS "communityIds"
     FROM person_emails e WHERE e.person_id = $1 ORDER BY e.created_at, e.address`,
    [personId],
  );
}

/** Whether a member of the community other than this one has the address. Those who left do not count. */
export async function isAnothersAddress(
  db: Queryable,
  communityId: string,
  subject: string,
  address: string,
): Promise<boolean> {
  const [row] = await db.query(
    `SELECT 1 FROM memberships
     WHERE community_id = $1 AND subject <> $2 AND email_key = $3 AND status <> 'left'`,
    [communityId, subject, nameKey(address)],
  );
  return row !== undefined;
}
