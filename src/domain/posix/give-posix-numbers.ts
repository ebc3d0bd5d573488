import type { Transaction } from '../../platform/database/database.ts';
import { RefusedError } from '../errors.ts';

/**
 * Gives a number (uidNumber, gidNumber of RFC 2307) to every group and active member of a community that
 * has none yet, where POSIX accounts are on; elsewhere it does nothing. Numbers are given in turn and
 * never again: neither a group's that is deleted nor a member's who leaves becomes somebody else's.
 * Processes that number at once take turns, until their transactions end.
 * @throws RefusedError `posix-exhausted` when the range has fewer numbers left than are needed
 */
export async function givePosixNumbers(tx: Transaction, communityId: string): Promise<void> {
  const [range] = await tx.query<{ next: number; left: number }>(
    `SELECT r.next_number AS next, r.first_number + r.count - r.next_number AS left
     FROM posix_ranges r JOIN communities c ON c.id = r.community_id
     WHERE r.community_id = $1 AND c.posix_primary_group_id IS NOT NULL FOR NO KEY UPDATE OF r`,
    [communityId],
  );
  if (range === undefined) return;
  const needed = await countLacking(tx, communityId);
  const wanted = needed.groups + needed.members;
  if (wanted === 0) return;
  if (wanted > range.left) {
    throw new RefusedError(
      'posix-exhausted',
      `the community's POSIX range has ${range.left} numbers left, and ${wanted} are needed: give it more (ldap.posix.count)`,
    );
  }
  await numberGroups(tx, communityId, range.next);
  await numberMembers(tx, communityId, range.next + needed.groups);
  await tx.query('UPDATE posix_ranges SET next_number = $2 WHERE community_id = $1', [
    communityId,
    range.next + wanted,
  ]);
}

async function countLacking(tx: Transaction, communityId: string) {
  const [row] = await tx.query<{ groups: number; members: number }>(
    `SELECT (SELECT count(*)::int FROM groups WHERE community_id = $1 AND gid_number IS NULL) AS groups,
       (SELECT count(*)::int FROM memberships
        WHERE community_id = $1 AND uid_number IS NULL AND status = 'active') AS members`,
    [communityId],
  );
  return row ?? { groups: 0, members: 0 };
}

async function numberGroups(tx: Transaction, communityId: string, first: number): Promise<void> {
  await tx.query(
    `UPDATE groups g SET gid_number = $2::int + n.place, updated_at = now()
     FROM (SELECT id, (row_number() OVER (ORDER BY created_at, name_key))::int - 1 AS place FROM groups
           WHERE community_id = $1 AND gid_number IS NULL) n
     WHERE g.community_id = $1 AND g.id = n.id`,
    [communityId, first],
  );
}

async function numberMembers(tx: Transaction, communityId: string, first: number): Promise<void> {
  await tx.query(
    `UPDATE memberships m SET uid_number = $2::int + n.place, updated_at = now()
     FROM (SELECT subject, (row_number() OVER (ORDER BY created_at, username_key))::int - 1 AS place
           FROM memberships WHERE community_id = $1 AND uid_number IS NULL AND status = 'active') n
     WHERE m.community_id = $1 AND m.subject = n.subject`,
    [communityId, first],
  );
}
