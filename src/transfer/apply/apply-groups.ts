import { randomUUID } from 'node:crypto';
import { subjectsInGroups } from '../../domain/groups/group-store.ts';
import { lockGroupsAround, touchGroups, touchMembers } from '../../domain/groups/touch-entries.ts';
import { nameKey } from '../../platform/text/names.ts';
import { either, type SettledCommunity } from './apply-communities.ts';
import { applyNestings, type NestingChange } from './apply-nestings.ts';
import type { ApplyEvent } from './plan.ts';
import { type ApplyRun, changedKeys } from './run.ts';
import type { GroupEntry } from './schema.ts';

type GroupRow = { id: string; name: string; description: string | null };
/** Ids of a community's groups, by the key of their name. */
export type GroupIds = ReadonlyMap<string, string>;

/**
 * Brings a community's groups, and what is nested in what, to what the file says. Groups that the file
 * does not name stay until `pruneGroups`, since members and services may still be tied to them.
 */
export async function applyGroups(run: ApplyRun, community: SettledCommunity): Promise<GroupIds> {
  const { id } = community.row;
  // The same lock as that of every other change of nestings: two of them could make a circle.
  await run.tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('group-nestings:' || $1, 0))`, [
    id,
  ]);
  const rows = await run.tx.query<GroupRow>(
    'SELECT id, name, description FROM groups WHERE community_id = $1 ORDER BY id FOR NO KEY UPDATE',
    [id],
  );
  const known = new Map(rows.map((row) => [nameKey(row.name), row]));
  const entries = community.entry.groups ?? [];
  const after = entries.map((entry) => settle(entry, known.get(nameKey(entry.name))));
  const ids: GroupIds = new Map([...rows, ...after].map((row) => [nameKey(row.name), row.id]));
  const entryKeys = new Set(after.map((row) => nameKey(row.name)));
  const changed = after.filter((row) => isChanged(row, known.get(nameKey(row.name))));
  await storeGroups(run, id, changed);
  await touchRespelled(run, id, changed, known);
  const nested = await applyNestings(run, community, [
    ...rows.filter((row) => !entryKeys.has(nameKey(row.name))),
    ...after,
  ]);
  for (const row of after)
    logGroup(run, community, known.get(nameKey(row.name)), row, nested.get(row.id) ?? []);
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
     ON CONFLICT (community_id, id) DO UPDATE SET name = EXCLUDED.name, description = EXCLUDED.description,
       updated_at = now()`,
    [communityId, JSON.stringify(rows.map((row) => ({ ...row, key: nameKey(row.name) })))],
  );
}

/** A group's name is in its DN, which its members and the groups around it show. */
async function touchRespelled(
  run: ApplyRun,
  communityId: string,
  changed: readonly GroupRow[],
  known: ReadonlyMap<string, GroupRow>,
): Promise<void> {
  const ids = changed
    .filter(({ name }) => (known.get(nameKey(name))?.name ?? name) !== name)
    .map(({ id }) => id);
  if (ids.length === 0) return;
  await touchGroups(run.tx, communityId, await lockGroupsAround(run.tx, communityId, ids));
  await touchMembers(run.tx, communityId, await subjectsInGroups(run.tx, communityId, ids));
}

function logGroup(
  run: ApplyRun,
  { row: { id: communityId, slug } }: SettledCommunity,
  before: GroupRow | undefined,
  row: GroupRow,
  nestings: readonly NestingChange[],
): void {
  const isNew = before === undefined;
  const settings = isNew ? [] : changedKeys(before, row);
  const fields = isNew || nestings.length === 0 ? settings : [...settings, 'groups'];
  if (!isNew && fields.length === 0) return;
  const details = { group: row.id, name: row.name };
  const own: ApplyEvent[] = [];
  if (isNew) own.push({ communityId, type: 'group.created', details });
  if (settings.length > 0)
    own.push({ communityId, type: 'group.updated', details: { ...details, fields: settings } });
  const nested = nestings.map(({ type, child }) => ({
    communityId,
    type,
    details: { parent: row.name, child },
  }));
  run.log.add(
    { action: isNew ? 'create' : 'update', kind: 'group', community: slug, name: row.name, fields },
    ...own,
    ...nested,
  );
}
