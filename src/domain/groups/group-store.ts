import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { Status } from '../memberships/membership-store.ts';

export type Group = { id: string; name: string; description: string | null };
export type ListedGroup = Group & {
  /** Members who are directly in it, whatever their status. */
  members: number;
  /** Names of the groups directly inside it. */
  children: string[];
};

export function listGroups(db: Queryable, communityId: string): Promise<ListedGroup[]> {
  return db.query<ListedGroup>(
    `SELECT g.id, g.name, g.description,
       (SELECT count(*)::int FROM group_members gm
        WHERE gm.community_id = g.community_id AND gm.group_id = g.id) AS members,
       ARRAY(SELECT c.name FROM group_nestings n
             JOIN groups c ON c.community_id = n.community_id AND c.id = n.child_id
             WHERE n.community_id = g.community_id AND n.parent_id = g.id ORDER BY c.name_key) AS children
     FROM groups g WHERE g.community_id = $1 ORDER BY g.name_key`,
    [communityId],
  );
}

export async function findGroupByName(
  db: Queryable,
  communityId: string,
  name: string,
): Promise<Group | undefined> {
  const [row] = await db.query<Group>(
    'SELECT id, name, description FROM groups WHERE community_id = $1 AND name_key = $2',
    [communityId, nameKey(name)],
  );
  return row;
}

// UNION (without ALL) drops what was met before, so that a cycle in the data ends, too.
const INSIDE = `WITH RECURSIVE inside (id) AS (
  SELECT g.id FROM groups g WHERE g.community_id = $1 AND g.id = ANY($2::uuid[])
  UNION SELECT n.child_id FROM group_nestings n JOIN inside i ON n.community_id = $1 AND n.parent_id = i.id)`;

/** Subjects of all who are in one of these groups, directly or through the groups nested in them. */
export async function subjectsInGroups(
  db: Queryable,
  communityId: string,
  groupIds: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ subject: string }>(
    `${INSIDE} SELECT DISTINCT gm.subject FROM group_members gm JOIN inside i ON i.id = gm.group_id
     WHERE gm.community_id = $1 ORDER BY gm.subject`,
    [communityId, groupIds],
  );
  return rows.map(({ subject }) => subject);
}

/** Members who are directly in a group, by username. */
export function membersOfGroup(
  db: Queryable,
  communityId: string,
  groupId: string,
): Promise<{ subject: string; username: string; status: string }[]> {
  return db.query(
    `SELECT m.subject, m.username, m.status FROM group_members gm
       JOIN memberships m ON m.community_id = gm.community_id AND m.subject = gm.subject
     WHERE gm.community_id = $1 AND gm.group_id = $2 ORDER BY m.username_key`,
    [communityId, groupId],
  );
}

/**
 * The same, a page at a time.
 * @param after the key of the last one's username of the page before
 */
export function pageOfGroup(
  db: Queryable,
  communityId: string,
  groupId: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<{ subject: string; username: string; status: Status }[]> {
  return db.query(
    `SELECT m.subject, m.username, m.status FROM group_members gm
       JOIN memberships m ON m.community_id = gm.community_id AND m.subject = gm.subject
     WHERE gm.community_id = $1 AND gm.group_id = $2 AND ($3::text IS NULL OR m.username_key > $3)
     ORDER BY m.username_key LIMIT $4`,
    [communityId, groupId, after ?? null, limit],
  );
}

export type MembersGroup = { id: string; name: string; direct: boolean };

/** All groups that a member is in: the direct ones, and those that these are nested in. */
export function groupsOfMember(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<MembersGroup[]> {
  return db.query<MembersGroup>(
    `WITH RECURSIVE around (id) AS (
       SELECT group_id FROM group_members WHERE community_id = $1 AND subject = $2
       UNION SELECT n.parent_id FROM group_nestings n JOIN around a ON n.community_id = $1 AND n.child_id = a.id)
     SELECT g.id, g.name, EXISTS (SELECT FROM group_members gm
       WHERE gm.community_id = $1 AND gm.subject = $2 AND gm.group_id = g.id) AS direct
     FROM around a JOIN groups g ON g.community_id = $1 AND g.id = a.id ORDER BY g.name_key`,
    [communityId, subject],
  );
}
