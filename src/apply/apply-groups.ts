import { randomUUID } from 'node:crypto';
import { nameKey } from '../memberships/names.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import type { SettledCommunity } from './apply-communities.ts';
import { either } from './apply-communities.ts';
import { findCycle } from './group-cycles.ts';
import { type ApplyRun, changedKeys } from './run.ts';
import type { GroupEntry } from './schema.ts';

type GroupRow = { id: string; name: string; description: string | null };
type Nesting = { parent: string; child: string };
/** Ids of a community's groups, by the key of their name. */
export type GroupIds = Map<string, string>;

/**
 * Brings a community's groups, and what is nested in what, to what the file says. Groups that the file
 * does not name stay until `pruneGroups`, since members and services may still be tied to them.
 */
export async function applyGroups(run: ApplyRun, community: SettledCommunity): Promise<GroupIds> {
  const { id } = community.row;
  const rows = await run.tx.query<GroupRow>(
    'SELECT id, name, description FROM groups WHERE community_id = $1 ORDER BY name_key FOR NO KEY UPDATE',
    [id],
  );
  const known = new Map(rows.map((row) => [nameKey(row.name), row]));
  const entries = community.entry.groups ?? [];
  const after = entries.map((entry) => settle(entry, known.get(nameKey(entry.name))));
  const ids: GroupIds = new Map([...rows, ...after].map((row) => [nameKey(row.name), row.id]));
  const changed = after.filter((row) => isChanged(row, known.get(nameKey(row.name))));
  await storeGroups(run, id, changed);
  const nested = await applyNestings(run, community, ids);
  for (const row of after)
    logGroup(run, community, known.get(nameKey(row.name)), row, nested.has(row.id));
  return ids;
}

function settle(entry: GroupEntry, before: GroupRow | undefined): GroupRow {
  return {
    id: before?.id ?? randomUUID(),
    name: entry.name,
    description: either(entry.description, before?.description),
  };
}

function isChanged(row: GroupRow, before: GroupRow | undefined): boolean {
  return before === undefined || changedKeys(before, row).length > 0;
}

async function storeGroups(
  run: ApplyRun,
  communityId: string,
  rows: readonly GroupRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await run.tx.query(
    `INSERT INTO groups (community_id, id, name, name_key, description)
     SELECT $1, id, name, key, description FROM jsonb_to_recordset($2::jsonb)
       AS g (id uuid, name text, key text, description text)
     ON CONFLICT (community_id, id) DO UPDATE SET name = EXCLUDED.name, description = EXCLUDED.description`,
    [communityId, JSON.stringify(rows.map((row) => ({ ...row, key: nameKey(row.name) })))],
  );
}

/** @returns ids of the groups in which something was nested, or no longer is */
async function applyNestings(
  run: ApplyRun,
  community: SettledCommunity,
  ids: GroupIds,
): Promise<Set<string>> {
  const { id } = community.row;
  const entries = community.entry.groups ?? [];
  const before = await run.tx.query<Nesting>(
    'SELECT parent_id AS parent, child_id AS child FROM group_nestings WHERE community_id = $1',
    [id],
  );
  const key = ({ parent, child }: Nesting) => `${parent} ${child}`;
  const idOf = (name: string) => ids.get(nameKey(name)) as string;
  const wanted = new Map(
    entries.flatMap((entry) =>
      (entry.groups ?? []).map((child): [string, Nesting] => {
        const nesting = { parent: idOf(entry.name), child: idOf(child) };
        return [key(nesting), nesting];
      }),
    ),
  );
  const listed = new Set(
    entries.flatMap((entry) => (entry.groups === undefined ? [] : idOf(entry.name))),
  );
  const stored = new Set(before.map(key));
  const added = [...wanted.values()].filter((nesting) => !stored.has(key(nesting)));
  const removed = run.prune
    ? before.filter((nesting) => listed.has(nesting.parent) && !wanted.has(key(nesting)))
    : [];
  const kept = before.filter((nesting) => !removed.includes(nesting));
  if (reportCycle(run, community, ids, [...kept, ...added])) return new Set();
  await endSessionsInGroups(
    run,
    id,
    removed.map((nesting) => nesting.child),
  );
  await storeNestings(run, id, added, removed);
  return new Set([...added, ...removed].map((nesting) => nesting.parent));
}

/** The file has no circle; with nestings made elsewhere there may be one. */
function reportCycle(
  run: ApplyRun,
  { path, entry }: SettledCommunity,
  ids: GroupIds,
  nestings: Nesting[],
): boolean {
  const children = Map.groupBy(nestings, (nesting) => nesting.parent);
  const cycle = findCycle(
    new Map([...children].map(([parent, list]) => [parent, list.map((n) => n.child)])),
  );
  if (cycle === undefined) return false;
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  const index = (entry.groups ?? []).findIndex(
    (group) => group.groups !== undefined && cycle.includes(ids.get(nameKey(group.name)) ?? ''),
  );
  run.report(
    [...path, 'groups', Math.max(index, 0), 'groups'],
    `goes round in a circle with what the hub already has: ${cycle.map((id) => names.get(id)).join(' → ')}; --prune takes away what the file does not say`,
  );
  return true;
}

async function storeNestings(
  run: ApplyRun,
  communityId: string,
  added: Nesting[],
  removed: Nesting[],
): Promise<void> {
  if (removed.length > 0) {
    await run.tx.query(
      `DELETE FROM group_nestings USING unnest($2::uuid[], $3::uuid[]) AS gone (parent, child)
       WHERE community_id = $1 AND parent_id = gone.parent AND child_id = gone.child`,
      [communityId, removed.map((n) => n.parent), removed.map((n) => n.child)],
    );
  }
  if (added.length > 0) {
    await run.tx.query(
      `INSERT INTO group_nestings (community_id, parent_id, child_id)
       SELECT $1, parent, child FROM unnest($2::uuid[], $3::uuid[]) AS n (parent, child)`,
      [communityId, added.map((n) => n.parent), added.map((n) => n.child)],
    );
  }
}

function logGroup(
  run: ApplyRun,
  community: SettledCommunity,
  before: GroupRow | undefined,
  row: GroupRow,
  nestingChanged: boolean,
): void {
  const fields: string[] = before === undefined ? [] : changedKeys(before, row);
  if (before !== undefined && nestingChanged) fields.push('groups');
  if (before !== undefined && fields.length === 0) return;
  run.log.add(
    {
      action: before === undefined ? 'create' : 'update',
      kind: 'group',
      community: community.row.slug,
      name: row.name,
      fields,
    },
    {
      communityId: community.row.id,
      type: before === undefined ? 'group.created' : 'group.updated',
      details: { group: row.id, name: row.name, ...(fields.length === 0 ? {} : { fields }) },
    },
  );
}

/** Takes away groups that the file does not name, and with them who is in them. */
export async function pruneGroups(run: ApplyRun, community: SettledCommunity): Promise<void> {
  if (!run.prune || community.entry.groups === undefined) return;
  const { id, slug } = community.row;
  const named = community.entry.groups.map((group) => nameKey(group.name));
  const rows = await run.tx.query<{ id: string; name: string }>(
    'SELECT id, name FROM groups WHERE community_id = $1 AND name_key <> ALL($2) ORDER BY name_key',
    [id, named],
  );
  if (rows.length === 0) return;
  const ids = rows.map((row) => row.id);
  await endSessionsInGroups(run, id, ids);
  await run.tx.query('DELETE FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[])', [
    id,
    ids,
  ]);
  for (const row of rows) {
    run.log.add(
      { action: 'remove', kind: 'group', community: slug, name: row.name, fields: [] },
      { communityId: id, type: 'group.removed', details: { group: row.id, name: row.name } },
    );
  }
}

/** Ends the sessions of all who are in these groups, directly or through what is nested in them. */
async function endSessionsInGroups(
  run: ApplyRun,
  communityId: string,
  groupIds: readonly string[],
): Promise<void> {
  if (groupIds.length === 0) return;
  const members = await run.tx.query<{ subject: string }>(
    `WITH RECURSIVE inside (id) AS (
       SELECT unnest($2::uuid[])
       UNION SELECT n.child_id FROM group_nestings n JOIN inside ON n.parent_id = inside.id WHERE n.community_id = $1)
     SELECT DISTINCT m.subject FROM group_members m JOIN inside ON m.group_id = inside.id WHERE m.community_id = $1`,
    [communityId, groupIds],
  );
  await endMemberSessions(
    run.tx,
    communityId,
    members.map((member) => member.subject),
  );
}
