import { RefusedChangesError } from '../../domain/communities/refused-changes.ts';
import { RefusedError } from '../../domain/errors.ts';
import type { Group } from '../../domain/groups/group-store.ts';
import { lockNestings } from '../../domain/groups/nest-groups.ts';
import { type SavedGroup, saveGroups } from '../../domain/groups/save-groups.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import { applyNestings } from './apply-nestings.ts';
import { placeOfPosix } from './posix-place.ts';
import type { ApplyRun, GroupIds } from './run.ts';

/**
 * Brings a community's groups, and what is nested in what, to what the file says. Groups that the file
 * does not name stay until `pruneGroups`, since members and services may still be tied to them.
 */
export async function applyGroups(run: ApplyRun, community: SettledCommunity): Promise<GroupIds> {
  const { id, slug } = community.row;
  await lockNestings(run.tx, id);
  const rows = await run.tx.query<Group>(
    'SELECT id, name, description FROM groups WHERE community_id = $1 ORDER BY id FOR NO KEY UPDATE',
    [id],
  );
  const ids = new Map(rows.map((row) => [nameKey(row.name), row.id]));
  const entries = community.entry.groups ?? [];
  const changes = entries.map(({ name, description }) => ({
    id: ids.get(nameKey(name)),
    name,
    description,
  }));
  const saved = await saveOrReport(run, community, changes);
  for (const group of saved) ids.set(nameKey(group.name), group.id);
  const nested = await applyNestings(run, community, ids);
  for (const group of saved) logGroup(run, slug, group, nested.has(group.id));
  return ids;
}

async function saveOrReport(
  run: ApplyRun,
  { path, entry, row }: SettledCommunity,
  changes: Parameters<typeof saveGroups>[2],
): Promise<SavedGroup[]> {
  try {
    return await saveGroups(run.tx, row.id, changes, 'apply');
  } catch (error) {
    if (error instanceof RefusedChangesError) {
      for (const { index, path: keys, fault } of error.refusals)
        run.report([...path, 'groups', index, ...keys], fault);
    } else if (error instanceof RefusedError && error.code === 'posix-exhausted') {
      run.report(placeOfPosix(path, entry), error.message);
    } else throw error;
    return [];
  }
}

function logGroup(
  run: ApplyRun,
  slug: string,
  { name, isNew, changed }: SavedGroup,
  isNested: boolean,
): void {
  const fields: string[] = !isNew && isNested ? [...changed, 'groups'] : changed;
  if (!isNew && fields.length === 0) return;
  run.log.add({
    action: isNew ? 'create' : 'update',
    kind: 'group',
    community: slug,
    name,
    fields,
  });
}
