import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { GIVEN_WORD } from '../address-standing.ts';
import type { MemberEnds, MemberValues } from './member-change.ts';
import type { Status } from './membership-store.ts';

/** A membership as changes compare it. */
export type MemberRow = MemberValues &
  MemberEnds & {
    subject: string;
    personId: string;
    emailVerified: boolean;
    status: Status;
    /** Why it is suspended, where nobody suspended it. */
    statusReason: 'deletion' | 'ended' | null;
  };

/** With the groups that the member is directly in, and up to when, as they were when the lock was asked for. */
export type LockedMember = MemberRow & { groups: { id: string; until: Date | null }[] };

type StoredMember = MemberRow & { groups: [id: string, until: string | null][] };

/**
 * Locks members in the order of their subjects: two changes that meet wait for one another, and never both.
 * @param subjects sorted
 */
export async function lockMembers(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
): Promise<LockedMember[]> {
  const rows = await tx.query<StoredMember>(
    `SELECT m.subject, m.person_id AS "personId", m.username, m.display_name AS "displayName",
       m.given_name AS "givenName", m.family_name AS "familyName", m.nickname, m.pronouns, m.email,
       EXISTS (SELECT FROM person_emails e WHERE e.person_id = m.person_id AND e.address = m.email
         AND ${GIVEN_WORD}) AS "emailVerified",
       m.locale, m.zoneinfo, m.role, m.status, m.status_reason AS "statusReason",
       m.until, m.role_until AS "roleUntil",
       COALESCE((SELECT jsonb_agg(jsonb_build_array(gm.group_id, gm.until) ORDER BY gm.group_id)
         FROM group_members gm WHERE gm.community_id = m.community_id
         AND gm.subject = m.subject), '[]') AS groups
     FROM unnest($2::uuid[]) AS wanted (subject)
       JOIN memberships m ON m.community_id = $1 AND m.subject = wanted.subject
     ORDER BY m.subject FOR NO KEY UPDATE OF m`,
    [communityId, subjects],
  );
  return rows.map((row) => ({
    ...row,
    groups: row.groups.map(([id, until]) => ({
      id,
      until: until === null ? null : new Date(until),
    })),
  }));
}

/** Subjects of those who look after the community, and will: what has an end may leave it to nobody. */
export async function lastingOwners(db: Queryable, communityId: string): Promise<string[]> {
  const rows = await db.query<{ subject: string }>(
    `SELECT subject FROM memberships WHERE community_id = $1 AND role = 'owner' AND status = 'active'
       AND until IS NULL AND role_until IS NULL`,
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
