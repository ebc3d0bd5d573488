import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';

/**
 * What an app reads of a group or a member can change by a change of another row: who is in a group, in
 * what it is nested, what somebody in it is called. Whoever changes such a thing moves `updated_at` of
 * all that it shows in (modifyTimestamp, RFC 4512 §3.4.2), by the functions here, in plain sight.
 *
 * Every change locks groups before members, and each in the order of their ids: two changes that meet
 * wait for one another, and never both.
 */

// UNION (without ALL) drops what was met before, so that a cycle in the data ends, too.
const AROUND = `WITH RECURSIVE around (id) AS (
  SELECT unnest($2::uuid[])
  UNION SELECT n.parent_id FROM group_nestings n JOIN around a ON n.community_id = $1 AND n.child_id = a.id)`;

/** `seats`: how many members may be directly in it; null: as many as come. */
export type LockedGroup = { id: string; name: string; seats: number | null };

/**
 * Locks groups of a community with all groups that they are inside of: somebody who comes into a group or
 * goes out of it may make it appear in those.
 * @returns the groups that are there; ids of other communities are left out
 */
export function lockGroupsAround(
  tx: Transaction,
  communityId: string,
  groupIds: readonly string[],
): Promise<LockedGroup[]> {
  return tx.query<LockedGroup>(
    `${AROUND} SELECT g.id, g.name, g.seats FROM groups g WHERE g.community_id = $1 AND g.id IN (SELECT id FROM around)
     ORDER BY g.id FOR NO KEY UPDATE OF g`,
    [communityId, groupIds],
  );
}

/**
 * Locks all groups that one of these members is in, directly or through others.
 * @param groupIds other groups, which are locked with those around them, too
 */
export async function lockGroupsOfMembers(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
  groupIds: readonly string[] = [],
): Promise<LockedGroup[]> {
  const ids = new Set(groupIds);
  await inBatches(subjects, async (batch) => {
    const direct = await tx.query<{ id: string }>(
      `SELECT DISTINCT gm.group_id AS id FROM unnest($2::uuid[]) AS member (subject)
         JOIN group_members gm ON gm.community_id = $1 AND gm.subject = member.subject`,
      [communityId, batch],
    );
    for (const { id } of direct) ids.add(id);
  });
  return ids.size === 0 ? [] : lockGroupsAround(tx, communityId, [...ids]);
}

export async function touchGroups(
  tx: Transaction,
  communityId: string,
  groups: readonly LockedGroup[],
): Promise<void> {
  if (groups.length === 0) return;
  await tx.query(
    'UPDATE groups SET updated_at = now() WHERE community_id = $1 AND id = ANY($2::uuid[])',
    [communityId, groups.map(({ id }) => id)],
  );
}

/** For those whose own row the change does not write anyway. */
export async function touchMembers(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
): Promise<void> {
  await inBatches(subjects.toSorted(), (batch) =>
    tx.query(
      `WITH locked AS MATERIALIZED (SELECT m.subject FROM unnest($2::uuid[]) AS touched (subject)
         JOIN memberships m ON m.community_id = $1 AND m.subject = touched.subject
         ORDER BY m.subject FOR NO KEY UPDATE OF m)
       UPDATE memberships m SET updated_at = now() FROM locked
       WHERE m.community_id = $1 AND m.subject = locked.subject`,
      [communityId, batch],
    ),
  );
}
