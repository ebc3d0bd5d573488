import { subjectsInGroups } from '../../domain/groups/group-store.ts';
import { lockGroupsAround, touchGroups, touchMembers } from '../../domain/groups/touch-entries.ts';
import { endMemberSessions } from '../../domain/sessions/end-sessions.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ApplyRun } from './run.ts';

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
  if (reportPrimaryGroup(run, community, rows)) return;
  const ids = rows.map((row) => row.id);
  const subjects = await subjectsInGroups(run.tx, id, ids);
  await touchGroups(run.tx, id, await lockGroupsAround(run.tx, id, ids));
  await touchMembers(run.tx, id, subjects);
  await endMemberSessions(run.tx, id, subjects);
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

/** @returns whether the group that everybody's POSIX account names would go */
function reportPrimaryGroup(
  run: ApplyRun,
  { row, path }: SettledCommunity,
  gone: readonly { name: string }[],
): boolean {
  const primary = row.posix?.primaryGroup;
  if (!gone.some(({ name }) => name === primary)) return false;
  run.report(
    [...path, 'groups'],
    `does not name ${primary}, which is the primary group of the POSIX accounts and would be deleted by --prune: name it, or say "posix: null" under ldap`,
  );
  return true;
}
