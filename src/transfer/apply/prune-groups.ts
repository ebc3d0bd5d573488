import { removeGroups } from '../../domain/groups/remove-groups.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ApplyRun } from './run.ts';

/**
 * Takes away groups that the file does not name, and with them who is in them.
 * @returns their names
 */
export async function pruneGroups(run: ApplyRun, community: SettledCommunity): Promise<string[]> {
  if (!run.prune || community.entry.groups === undefined) return [];
  const { id } = community.row;
  const named = community.entry.groups.map((group) => nameKey(group.name));
  const rows = await run.tx.query<{ id: string; name: string }>(
    'SELECT id, name FROM groups WHERE community_id = $1 AND name_key <> ALL($2) ORDER BY name_key',
    [id, named],
  );
  const ids = rows.map((row) => row.id);
  try {
    return await removeGroups(run.tx, id, ids, 'apply');
  } catch (error) {
    if (!(error instanceof RefusedChangesError)) throw error;
    for (const { index } of error.refusals) reportPrimaryGroup(run, community, rows[index]?.name);
    return [];
  }
}

function reportPrimaryGroup(
  run: ApplyRun,
  { path }: SettledCommunity,
  name: string | undefined,
): void {
  run.report(
    [...path, 'groups'],
    `does not name ${name}, which is the primary group of the POSIX accounts and would be deleted by --prune: name it, or say "posix: null" under ldap`,
  );
}
