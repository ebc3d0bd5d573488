import { RefusedError } from '../../domain/errors.ts';
import { lockNestings } from '../../domain/groups/nest-groups.ts';
import { type SavedGroup, saveGroups } from '../../domain/groups/save-groups.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import { placeOfPosix } from './posix-place.ts';
import type { ApplyRun, GroupIds } from './run.ts';

/**
 * Brings a community's groups to what the file says. Those that it does not name stay until `pruneGroups`, and
 * what is nested in what until `applyNestings`.
 */
export async function applyGroups(
  run: ApplyRun,
  community: SettledCommunity,
): Promise<{ groups: GroupIds; saved: SavedGroup[] }> {
  const { id } = community.row;
  await lockNestings(run.tx, id);
  const rows = await run.tx.query<{ id: string; name: string }>(
    'SELECT id, name FROM groups WHERE community_id = $1 ORDER BY id FOR NO KEY UPDATE',
    [id],
  );
  const ids = new Map(rows.map((row) => [nameKey(row.name), row.id]));
  const entries = community.entry.groups ?? [];
  const changes = entries.map(({ name, description, joining, seats }) => ({
    id: ids.get(nameKey(name)),
    name,
    description,
    joining,
    seats,
  }));
  const saved = await saveOrReport(run, community, changes);
  for (const group of saved) ids.set(nameKey(group.name), group.id);
  return { groups: ids, saved };
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
