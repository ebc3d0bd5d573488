import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { GIVEN_WORD } from '../address-standing.ts';
import type { MemberValues } from './member-change.ts';
import type { Status } from './membership-store.ts';

/** A membership as changes compare it. */
export type MemberRow = MemberValues & {
  subject: string;
  personId: string;
  emailVerified: boolean;
  status: Status;
  /** Suspended because the person asked for their account to be deleted. */
  isHeld: boolean;
};

/** With the ids of the groups that the member is directly in, as they were when the lock was asked for. */
export type LockedMember = MemberRow & { groupIds: string[] };

/**
 * Locks members in the order of their subjects: two changes that meet wait for one another, and never both.
 * @param subjects sorted
 */
export function lockMembers(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
): Promise<LockedMember[]> {
  return tx.query<LockedMember>(
    `SELECT m.subject, m.person_id AS "personId", m.username, m.display_name AS "displayName",
       m.given_name AS "givenName", m.family_name AS "familyName", m.nickname, m.pronouns, m.email,
       EXISTS (SELECT FROM person_emails e WHERE e.person_id = m.person_id AND e.address = m.email
         AND ${GIVEN_WORD}) AS "emailVerified",
       m.locale, m.zoneinfo, m.role, m.status, m.status_reason IS NOT NULL AS "isHeld",
       ARRAY(SELECT gm.group_id FROM group_members gm WHERE gm.community_id = m.community_id
         AND gm.subject = m.subject ORDER BY gm.group_id) AS "groupIds"
     FROM unnest($2::uuid[]) AS wanted (subject)
       JOIN memberships m ON m.community_id = $1 AND m.subject = wanted.subject
     ORDER BY m.subject FOR NO KEY UPDATE OF m`,
    [communityId, subjects],
  );
}

/** Subjects of those who look after the community. */
export async function activeOwners(db: Queryable, communityId: string): Promise<string[]> {
  const rows = await db.query<{ subject: string }>(
    `SELECT subject FROM memberships WHERE community_id = $1 AND role = 'owner' AND status = 'active'`,
    [communityId],
  );
  return rows.map(({ subject }) => subject);
}

export type Holder = { key: string; subject: string; username: string; status: Status };

/** Who has these usernames, whatever their status, by the key of the name. */
export function holdersOfUsernames(
  db: Queryable,
  communityId: string,
  keys: readonly string[],
): Promise<Map<string, Holder>> {
  return holders(db, communityId, 'username_key', keys);
}

/** Who has these addresses, whatever their status, by the key of the address. */
export function holdersOfAddresses(
  db: Queryable,
  communityId: string,
  keys: readonly string[],
): Promise<Map<string, Holder>> {
  return holders(db, communityId, 'email_key', keys);
}

async function holders(
  db: Queryable,
  communityId: string,
  column: 'username_key' | 'email_key',
  keys: readonly string[],
): Promise<Map<string, Holder>> {
  const found = new Map<string, Holder>();
  await inBatches(keys, async (batch) => {
    const rows = await db.query<Holder>(
      `SELECT m.${column} AS key, m.subject, m.username, m.status FROM unnest($2::text[]) AS wanted (key)
         JOIN memberships m ON m.community_id = $1 AND m.${column} = wanted.key`,
      [communityId, batch],
    );
    for (const row of rows) found.set(row.key, row);
  });
  return found;
}
