import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import { containing, searchKey } from '../../platform/text/search-key.ts';
import { isInNow, reasonNow, roleNow, statusNow } from '../membership-standing.ts';
import type { Role, Status } from './membership-store.ts';

/** A member as a list shows them. */
export type ListedMember = {
  subject: string;
  username: string;
  displayName: string;
  email: string | null;
  pictureKey: string | null;
  role: Role;
  status: Status;
  /** Why it is suspended, where no admin said so. */
  statusReason: 'deletion' | 'ended' | null;
  secondFactor: boolean;
  /** Names of the groups that they are directly in. */
  groups: string[];
  createdAt: Date;
  /** Up to when they are a member. */
  until: Date | null;
};

/** What a list may be narrowed down to; what is absent does not count. */
export type MemberFilter = {
  /** Part of a name, a username or an address, without case and accents. */
  search?: string | undefined;
  status?: Status | undefined;
  role?: Role | undefined;
  /** Id of a group that they are directly in. */
  group?: string | undefined;
  /** Whether they have a second factor. */
  secondFactor?: boolean | undefined;
};

/** What a list may be sorted by. */
export const MEMBER_SORTS = ['name', 'newest', 'oldest'] as const;
export type MemberSort = (typeof MEMBER_SORTS)[number];

const ORDER: Record<MemberSort, string> = {
  name: 'left(m.search_key, 200), m.subject',
  newest: 'm.created_at DESC, m.subject DESC',
  oldest: 'm.created_at, m.subject',
};

const COLUMNS = `m.subject, m.username, m.display_name AS "displayName", m.email, ${roleNow('m')} AS role,
  ${statusNow('m')} AS status, ${reasonNow('m')} AS "statusReason", m.created_at AS "createdAt", m.until,
  has_second_factor(m.person_id) AS "secondFactor",
  (SELECT i.key FROM member_pictures i WHERE i.community_id = m.community_id AND i.subject = m.subject) AS "pictureKey",
  ARRAY(SELECT g.name FROM group_members gm JOIN groups g ON g.community_id = gm.community_id AND g.id = gm.group_id
    WHERE gm.community_id = m.community_id AND gm.subject = m.subject AND ${isInNow('gm')} ORDER BY g.name_key) AS groups`;

/**
 * Members of a community, a page at a time.
 * @param offset how many come before the page
 */
export async function listMembersBy(
  db: Queryable,
  communityId: string,
  filter: MemberFilter,
  { sort, offset, limit }: { sort: MemberSort; offset: number; limit: number },
): Promise<ListedMember[]> {
  const { where, values } = conditions(communityId, filter);
  return db.query<ListedMember>(
    // What is shown besides is read of this page's rows only, and not of those before it.
    `SELECT ${COLUMNS} FROM (SELECT * FROM memberships m WHERE ${where}
       ORDER BY ${ORDER[sort]} LIMIT $${values.length + 1} OFFSET $${values.length + 2}) m
     ORDER BY ${ORDER[sort]}`,
    [...values, limit, offset],
  );
}

/** How many members a filter leaves, by status. */
export async function countMembersBy(
  db: Queryable,
  communityId: string,
  filter: MemberFilter,
): Promise<Record<Status, number>> {
  const { where, values } = conditions(communityId, filter);
  const rows = await db.query<{ status: Status; count: number }>(
    `SELECT ${statusNow('m')} AS status, count(*)::int AS count FROM memberships m WHERE ${where} GROUP BY 1`,
    values,
  );
  const counts = { requested: 0, active: 0, suspended: 0, left: 0 };
  for (const { status, count } of rows) counts[status] = count;
  return counts;
}

export async function findListedMember(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<ListedMember | undefined> {
  const [row] = await db.query<ListedMember>(
    `SELECT ${COLUMNS} FROM memberships m WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
  );
  return row;
}

/** One condition for each filter that counts: docs/decisions/0023-lists-in-plain-sql.md. */
function conditions(
  communityId: string,
  { search, status, role, group, secondFactor }: MemberFilter,
): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const value = (one: unknown) => `$${values.push(one)}`;
  const where = [`m.community_id = ${value(communityId)}`];
  if (status !== undefined) where.push(`${statusNow('m')} = ${value(status)}`);
  if (role !== undefined) where.push(`${roleNow('m')} = ${value(role)}`);
  const wanted = search?.trim();
  if (wanted) {
    const key = searchKey(wanted);
    const keyed = `m.search_key LIKE ${value(containing(key))}`;
    // Of letters beyond ASCII the key knows no capitals.
    const folded = () => `m.username_key LIKE ${value(containing(nameKey(wanted)))}`;
    const typed = () => `m.display_name ILIKE ${value(containing(wanted))}`;
    where.push(isAscii(key) ? keyed : `(${keyed} OR ${folded()} OR ${typed()})`);
  }
  if (group !== undefined)
    where.push(`EXISTS (SELECT FROM group_members g WHERE g.community_id = m.community_id
      AND g.subject = m.subject AND g.group_id = ${value(group)} AND ${isInNow('g')})`);
  if (secondFactor !== undefined)
    where.push(
      `${secondFactor ? '' : 'NOT '}EXISTS (SELECT FROM second_factors f WHERE f.person_id = m.person_id)`,
    );
  return { where: where.join(' AND '), values };
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
