import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import { isActive, isInNow, statusNow } from '../membership-standing.ts';
import type { Status } from '../memberships/membership-store.ts';

/** How one comes into a group: by whoever looks after it, by asking them, or by oneself. */
export const JOININGS = ['closed', 'request', 'open'] as const;
export type Joining = (typeof JOININGS)[number];

export type Group = {
  id: string;
  name: string;
  description: string | null;
  joining: Joining;
  /** How many members may be directly in it; null: as many as come. */
  seats: number | null;
};
export type ListedGroup = Group & {
  /** Members who are directly in it and have not left. */
  members: number;
  /** Names of the groups directly inside it. */
  children: string[];
  /** Usernames of its managers. */
  managers: string[];
};

/** A row of groups. */
export const GROUP = 'id, name, description, joining, seats';

/** Whoever has left takes no seat: `takenSeats` says the same. */
const STAYING = `JOIN memberships s ON s.community_id = gm.community_id AND s.subject = gm.subject AND s.status <> 'left'`;

export function listGroups(db: Queryable, communityId: string): Promise<ListedGroup[]> {
  return db.query<ListedGroup>(
    `SELECT g.id, g.name, g.description, g.joining, g.seats,
       (SELECT count(*)::int FROM group_members gm ${STAYING}
        WHERE gm.community_id = g.community_id AND gm.group_id = g.id AND ${isInNow('gm')}) AS members,
       ARRAY(SELECT c.name FROM group_nestings n
             JOIN groups c ON c.community_id = n.community_id AND c.id = n.child_id
             WHERE n.community_id = g.community_id AND n.parent_id = g.id ORDER BY c.name_key) AS children,
       ARRAY(SELECT m.username FROM group_managers x
             JOIN memberships m ON m.community_id = x.community_id AND m.subject = x.subject
             WHERE x.community_id = g.community_id AND x.group_id = g.id ORDER BY m.username_key) AS managers
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
    `SELECT ${GROUP} FROM groups WHERE community_id = $1 AND name_key = $2`,
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

/** Who looks after a group, by username. */
export function listManagers(
  db: Queryable,
  communityId: string,
  groupId: string,
): Promise<{ subject: string; username: string; displayName: string }[]> {
  return db.query(
    `SELECT m.subject, m.username, m.display_name AS "displayName" FROM group_managers g
       JOIN memberships m ON m.community_id = g.community_id AND m.subject = g.subject
     WHERE g.community_id = $1 AND g.group_id = $2 ORDER BY m.username_key`,
    [communityId, groupId],
  );
}

/** A member who is directly in a group; `until`: up to when. */
export type GroupMember = {
  subject: string;
  username: string;
  displayName: string;
  status: Status;
  until: Date | null;
};

/** Members who are directly in a group, by username. */
export function membersOfGroup(
  db: Queryable,
  communityId: string,
  groupId: string,
  limit?: number,
): Promise<GroupMember[]> {
  return db.query(
    `SELECT m.subject, m.username, m.display_name AS "displayName", ${statusNow('m')} AS status, gm.until FROM group_members gm
       JOIN memberships m ON m.community_id = gm.community_id AND m.subject = gm.subject
     WHERE gm.community_id = $1 AND gm.group_id = $2 AND m.status <> 'left' AND ${isInNow('gm')}
     ORDER BY m.username_key LIMIT $3`,
    [communityId, groupId, limit ?? null],
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
    `SELECT m.subject, m.username, ${statusNow('m')} AS status FROM group_members gm
       JOIN memberships m ON m.community_id = gm.community_id AND m.subject = gm.subject
     WHERE gm.community_id = $1 AND gm.group_id = $2 AND ${isInNow('gm')} AND ($3::text IS NULL OR m.username_key > $3)
     ORDER BY m.username_key LIMIT $4`,
    [communityId, groupId, after ?? null, limit],
  );
}

/** `until`: up to when, where the member is directly in it. */
export type MembersGroup = { id: string; name: string; direct: boolean; until: Date | null };

/** All groups that a member is in: the direct ones, and those that these are nested in. */
export function groupsOfMember(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<MembersGroup[]> {
  return db.query<MembersGroup>(
    `WITH RECURSIVE direct AS (SELECT gm.group_id, gm.until FROM group_members gm
         WHERE gm.community_id = $1 AND gm.subject = $2 AND ${isInNow('gm')}),
       around (id) AS (SELECT group_id FROM direct
         UNION SELECT n.parent_id FROM group_nestings n JOIN around a ON n.community_id = $1 AND n.child_id = a.id)
     SELECT g.id, g.name, d.group_id IS NOT NULL AS direct, d.until
     FROM around a JOIN groups g ON g.community_id = $1 AND g.id = a.id LEFT JOIN direct d ON d.group_id = g.id
     ORDER BY g.name_key`,
    [communityId, subject],
  );
}

/** A group as a member sees it who is in it, looks after it, or may come into it. */
export type OwnGroup = Group & {
  isIn: boolean;
  until: Date | null;
  isRequested: boolean;
  isManaged: boolean;
  isFull: boolean;
};

/** Groups that a member is directly in, looks after, asked for or may come into, by name. */
export function listOwnGroups(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<OwnGroup[]> {
  return db.query<OwnGroup>(
    `SELECT * FROM (SELECT g.id, g.name, g.name_key, g.description, g.joining, g.seats,
         gm.subject IS NOT NULL AS "isIn", gm.until,
         EXISTS (SELECT FROM group_requests r WHERE r.community_id = g.community_id AND r.group_id = g.id
           AND r.subject = $2) AS "isRequested",
         EXISTS (SELECT FROM group_managers x WHERE x.community_id = g.community_id AND x.group_id = g.id
           AND x.subject = $2) AS "isManaged",
         g.seats <= (SELECT count(*) FROM group_members gm ${STAYING} WHERE gm.community_id = g.community_id
           AND gm.group_id = g.id AND ${isInNow('gm')}) AS "isFull"
       FROM groups g LEFT JOIN group_members gm ON gm.community_id = g.community_id AND gm.group_id = g.id
         AND gm.subject = $2 AND ${isInNow('gm')} WHERE g.community_id = $1) g
     WHERE "isIn" OR "isManaged" OR "isRequested" OR joining <> 'closed' ORDER BY name_key`,
    [communityId, subject],
  );
}

export type EntryRequest = {
  groupId: string;
  group: string;
  subject: string;
  username: string;
  displayName: string;
  requestedAt: Date;
};

/**
 * Who waits to be let in to groups, the longest waiting first; of active members.
 * @param groupIds of which groups; undefined: of all
 */
export function listEntryRequests(
  db: Queryable,
  communityId: string,
  groupIds?: readonly string[],
): Promise<EntryRequest[]> {
  return db.query<EntryRequest>(
    `SELECT r.group_id AS "groupId", g.name AS "group", r.subject, m.username,
       m.display_name AS "displayName", r.requested_at AS "requestedAt"
     FROM group_requests r JOIN groups g ON g.community_id = r.community_id AND g.id = r.group_id
       JOIN memberships m ON m.community_id = r.community_id AND m.subject = r.subject AND ${isActive('m')}
     WHERE r.community_id = $1 AND ($2::uuid[] IS NULL OR r.group_id = ANY($2::uuid[]))
     ORDER BY r.requested_at, m.username_key LIMIT 500`,
    [communityId, groupIds ?? null],
  );
}
