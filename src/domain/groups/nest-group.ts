import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { isInside, subjectsInGroups } from './group-store.ts';
import { type LockedGroup, lockGroupsAround, touchGroups, touchMembers } from './touch-entries.ts';

type Nesting = { parentId: string; childId: string };

/**
 * Puts a group inside another: whoever is in the child is in the parent from now on.
 * @returns whether that changed anything
 * @throws NotFoundError when one of them is not of this community
 * @throws RefusedError `group-cycle` when the parent is inside the child already
 */
export async function nestGroup(
  tx: Transaction,
  communityId: string,
  { parentId, childId }: Nesting,
  actor: Actor,
): Promise<boolean> {
  const { names, groups } = await lockGroups(tx, communityId, { parentId, childId });
  if (await isInside(tx, communityId, childId, parentId)) {
    throw new RefusedError(
      'group-cycle',
      `"${names.child}" cannot be put inside "${names.parent}", which is inside it`,
    );
  }
  const added = await tx.query(
    `INSERT INTO group_nestings (community_id, parent_id, child_id) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [communityId, parentId, childId],
  );
  if (added.length === 0) return false;
  await touchGroups(tx, communityId, groups);
  await touchMembers(tx, communityId, await subjectsInGroups(tx, communityId, [childId]));
  await recordEvents(tx, [{ communityId, type: 'group.nested', actor, details: names }]);
  return true;
}

/**
 * Takes a group out of another, and ends the sessions of all who were in the parent through it.
 * @returns whether that changed anything
 * @throws NotFoundError when one of them is not of this community
 */
export async function unnestGroup(
  tx: Transaction,
  communityId: string,
  { parentId, childId }: Nesting,
  actor: Actor,
): Promise<boolean> {
  const { names, groups } = await lockGroups(tx, communityId, { parentId, childId });
  const removed = await tx.query(
    `DELETE FROM group_nestings WHERE community_id = $1 AND parent_id = $2 AND child_id = $3 RETURNING 1`,
    [communityId, parentId, childId],
  );
  if (removed.length === 0) return false;
  const subjects = await subjectsInGroups(tx, communityId, [childId]);
  await touchGroups(tx, communityId, groups);
  await touchMembers(tx, communityId, subjects);
  await endMemberSessions(tx, communityId, subjects);
  await recordEvents(tx, [{ communityId, type: 'group.unnested', actor, details: names }]);
  return true;
}

/** Changes of one community's nesting take turns: two of them could make a cycle that neither sees. */
async function lockGroups(
  tx: Transaction,
  communityId: string,
  { parentId, childId }: Nesting,
): Promise<{ names: { parent: string; child: string }; groups: LockedGroup[] }> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('group-nestings:' || $1, 0))`, [
    communityId,
  ]);
  const groups = await lockGroupsAround(tx, communityId, [parentId, childId]);
  const name = (id: string) => {
    const row = groups.find((candidate) => candidate.id === id);
    if (row === undefined) throw new NotFoundError('group');
    return row.name;
  };
  return { names: { parent: name(parentId), child: name(childId) }, groups };
}
