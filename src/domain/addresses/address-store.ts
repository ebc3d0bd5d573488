import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import { type AddressStanding, STANDING } from '../address-standing.ts';

/** An address of a person. */
export type OwnAddress = {
  address: string;
  standing: AddressStanding;
  /** Communities that use it, of memberships that are not over. */
  communityIds: string[];
};

/** All addresses of a person, the oldest first. */
export async function listAddresses(db: Queryable, personId: string): Promise<OwnAddress[]> {
  return db.query<OwnAddress>(
    `SELECT e.address, ${STANDING} AS standing,
       ARRAY(SELECT m.community_id FROM memberships m
         WHERE m.person_id = e.person_id AND m.email = e.address AND m.status <> 'left') AS "communityIds"
     FROM person_emails e JOIN persons p ON p.id = e.person_id WHERE e.person_id = $1 ORDER BY e.created_at, e.address`,
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
