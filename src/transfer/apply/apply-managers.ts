import { saveGroups } from '../../domain/groups/save-groups.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import { logManagers } from './log-group.ts';
import { didYouMean } from './nearest.ts';
import type { ApplyRun, GroupIds } from './run.ts';

/**
 * Has members look after groups as the file says, once all members are there; with --prune, a group whose `managers`
 * is given has no others.
 */
export async function applyManagers(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
): Promise<void> {
  const { row, entry } = community;
  const listed = (entry.groups ?? []).flatMap(({ name, managers }, index) => {
    const id = groups.get(nameKey(name));
    return managers === undefined || id === undefined ? [] : [{ id, managers, index }];
  });
  if (listed.length === 0) return;
  const names = listed.flatMap(({ managers }) => managers);
  const subjects = await subjectsOf(run, row.id, names);
  const members = (entry.members ?? []).map(({ username }) => username);
  const changes = listed.map(({ id, managers, index }) => {
    const found = managers.flatMap((name, place) => {
      const subject = subjects.get(nameKey(name));
      if (subject !== undefined) return subject;
      const path = [...community.path, 'groups', index, 'managers', place];
      run.report(
        path,
        `names the member "${name}", who is not in this community, or has left it${didYouMean(name, members)}`,
      );
      return [];
    });
    return { id, managers: run.prune ? { only: found } : { add: found } };
  });
  logManagers(run, community, await saveGroups(run.tx, row.id, changes, 'apply'));
}

async function subjectsOf(
  run: ApplyRun,
  communityId: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const rows = await run.tx.query<{ key: string; subject: string }>(
    `SELECT username_key AS key, subject FROM memberships
     WHERE community_id = $1 AND username_key = ANY($2::text[]) AND status <> 'left'`,
    [communityId, names.map(nameKey)],
  );
  return new Map(rows.map(({ key, subject }) => [key, subject]));
}
