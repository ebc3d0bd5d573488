import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { lockGroupsAround, touchGroups, touchMembers } from '../memberships/touch-entries.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { subjectsInGroups } from './group-store.ts';

/**
 * Deletes groups, with who is in them and what they are nested in, and ends the sessions of all who were in
 * one of them: apps learn of the loss at once (invariant 4).
 * @returns their names, in the order of the ids
 * @throws RefusedChangesError `primary-group` for the one that every POSIX account of the community names
 * @throws NotFoundError when one is not of this community
 */
export async function removeGroups(
  tx: Transaction,
  communityId: string,
  groupIds: readonly string[],
  actor: Actor,
): Promise<string[]> {
  if (groupIds.length === 0) return [];
  const around = await lockGroupsAround(tx, communityId, groupIds);
  const names = new Map(around.map(({ id, name }) => [id, name]));
  if (groupIds.some((id) => !names.has(id))) throw new NotFoundError('group');
  refuseFaults(await primaryGroup(tx, communityId, groupIds, names));
  const subjects = await subjectsInGroups(tx, communityId, groupIds);
  await touchGroups(tx, communityId, around);
  await touchMembers(tx, communityId, subjects);
  await endMemberSessions(tx, communityId, subjects);
  await tx.query('DELETE FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[])', [
    communityId,
    groupIds,
  ]);
  const removed = groupIds.map((id) => ({ group: id, name: names.get(id) as string }));
  await recordEvents(
    tx,
    removed.map((details) => ({ communityId, type: 'group.removed', actor, details })),
  );
  return removed.map(({ name }) => name);
}

async function primaryGroup(
  tx: Transaction,
  communityId: string,
  groupIds: readonly string[],
  names: ReadonlyMap<string, string>,
): Promise<PlacedFault[]> {
  const [community] = await tx.query<{ id: string | null }>(
    'SELECT posix_primary_group_id AS id FROM communities WHERE id = $1',
    [communityId],
  );
  const id = community?.id;
  const index = id == null ? -1 : groupIds.indexOf(id);
  if (id == null || index === -1) return [];
  const subject = `the group "${names.get(id)}"`;
  const fault = 'is the primary group of the POSIX accounts: name another for them first';
  return [{ index, code: 'primary-group', path: [], subject, fault }];
}
