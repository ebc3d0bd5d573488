import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';

/** Ids of groups by their names; a name that no group has is not among the keys. */
export async function groupIdsByName(
  db: Queryable,
  communityId: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; key: string }>(
    'SELECT id, name_key AS key FROM groups WHERE community_id = $1 AND name_key = ANY($2)',
    [communityId, names.map(nameKey)],
  );
  const ids = new Map(rows.map(({ id, key }) => [key, id]));
  const found = names.map((name) => [name, ids.get(nameKey(name))] as const);
  return new Map(found.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Names of the groups that members are directly in, in their order, by subject. */
export async function groupNamesOf(
  db: Queryable,
  communityId: string,
  subjects: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await db.query<{ subject: string; names: string[] }>(
    `SELECT gm.subject, array_agg(g.name ORDER BY g.name_key) AS names
     FROM unnest($2::uuid[]) AS wanted (subject)
       JOIN group_members gm ON gm.community_id = $1 AND gm.subject = wanted.subject
       JOIN groups g ON g.community_id = gm.community_id AND g.id = gm.group_id
     GROUP BY gm.subject`,
    [communityId, subjects],
  );
  return new Map(rows.map(({ subject, names }) => [subject, names]));
}
