import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { lockGroupsAround, touchGroups, touchMembers } from '../memberships/touch-entries.ts';
import { refuseFaults } from '../refused-changes.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { findCycle } from './group-cycles.ts';
import { subjectsInGroups } from './group-store.ts';

/** A group that is inside another: whoever is in the child is in the parent. */
export type Nesting = { parentId: string; childId: string };

export type NestingChanges = { add?: readonly Nesting[]; remove?: readonly Nesting[] };

/**
 * Changes of one community's nestings take turns, until their transactions end: two of them could make a
 * circle that neither sees.
 */
export async function lockNestings(tx: Transaction, communityId: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('group-nestings:' || $1, 0))`, [
    communityId,
  ]);
}

/**
 * Puts groups inside others and takes them out, and ends the sessions of all who were in a group through what
 * was taken out of it.
 * @returns what that changed
 * @throws RefusedChangesError `group-cycle` when a group would be inside itself; its index is that of the first
 *   nesting of `add` on the circle
 * @throws NotFoundError when a group is not of this community
 */
export async function changeNestings(
  tx: Transaction,
  communityId: string,
  { add = [], remove = [] }: NestingChanges,
  actor: Actor,
): Promise<{ added: Nesting[]; removed: Nesting[] }> {
  await lockNestings(tx, communityId);
  const ids = [...add, ...remove].flatMap(({ parentId, childId }) => [parentId, childId]);
  const around = await lockGroupsAround(tx, communityId, [...new Set(ids)]);
  const names = new Map(around.map(({ id, name }) => [id, name]));
  if (ids.some((id) => !names.has(id))) throw new NotFoundError('group');
  const before = await storedNestings(tx, communityId);
  const added = without(add, before);
  const removed = without(before, without(before, remove));
  const after = [...without(before, removed), ...added];
  if (added.length > 0) await refuseCycle(tx, communityId, add, after);
  await store(tx, communityId, added, removed);
  const children = [...added, ...removed].map(({ childId }) => childId);
  if (children.length === 0) return { added, removed };
  const concerned = [...added, ...removed].flatMap(({ parentId, childId }) => [parentId, childId]);
  const isAll = concerned.length === ids.length;
  const shown = isAll ? around : await lockGroupsAround(tx, communityId, [...new Set(concerned)]);
  await touchGroups(tx, communityId, shown);
  await touchMembers(tx, communityId, await subjectsInGroups(tx, communityId, children));
  const losers = removed.map(({ childId }) => childId);
  if (losers.length > 0)
    await endMemberSessions(tx, communityId, await subjectsInGroups(tx, communityId, losers));
  const event = (type: 'group.nested' | 'group.unnested') => (nesting: Nesting) => {
    const details = { parent: names.get(nesting.parentId), child: names.get(nesting.childId) };
    return { communityId, type, actor, details };
  };
  await recordEvents(tx, [
    ...added.map(event('group.nested')),
    ...removed.map(event('group.unnested')),
  ]);
  return { added, removed };
}

export function storedNestings(
  tx: Pick<Transaction, 'query'>,
  communityId: string,
): Promise<Nesting[]> {
  return tx.query<Nesting>(
    'SELECT parent_id AS "parentId", child_id AS "childId" FROM group_nestings WHERE community_id = $1',
    [communityId],
  );
}

/** The nestings of a list that another one lacks, each once. */
function without(list: readonly Nesting[], others: readonly Nesting[]): Nesting[] {
  const keyOf = ({ parentId, childId }: Nesting) => `${parentId} ${childId}`;
  const known = new Set(others.map(keyOf));
  return [...new Map(list.map((nesting) => [keyOf(nesting), nesting]))]
    .filter(([key]) => !known.has(key))
    .map(([, nesting]) => nesting);
}

async function refuseCycle(
  tx: Transaction,
  communityId: string,
  add: readonly Nesting[],
  nestings: readonly Nesting[],
): Promise<void> {
  const children = Map.groupBy(nestings, ({ parentId }) => parentId);
  const cycle = findCycle(
    new Map([...children].map(([parent, list]) => [parent, list.map(({ childId }) => childId)])),
  );
  if (cycle === undefined) return;
  const rows = await tx.query<{ id: string; name: string }>(
    'SELECT id, name FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[])',
    [communityId, cycle],
  );
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  const isOnCycle = ({ parentId, childId }: Nesting) =>
    cycle.some((id, place) => id === parentId && cycle[place + 1] === childId);
  const path = cycle.map((id) => names.get(id)).join(' → ');
  refuseFaults([
    {
      index: Math.max(0, add.findIndex(isOnCycle)),
      code: 'group-cycle',
      path: ['groups'],
      subject: 'the nesting of groups',
      fault: `goes round in a circle: ${path}`,
    },
  ]);
}

async function store(
  tx: Transaction,
  communityId: string,
  added: readonly Nesting[],
  removed: readonly Nesting[],
): Promise<void> {
  const columns = (list: readonly Nesting[]) => [
    list.map(({ parentId }) => parentId),
    list.map(({ childId }) => childId),
  ];
  if (removed.length > 0) {
    await tx.query(
      `DELETE FROM group_nestings USING unnest($2::uuid[], $3::uuid[]) AS gone (parent, child)
       WHERE community_id = $1 AND parent_id = gone.parent AND child_id = gone.child`,
      [communityId, ...columns(removed)],
    );
  }
  if (added.length > 0) {
    await tx.query(
      `INSERT INTO group_nestings (community_id, parent_id, child_id)
       SELECT $1, parent, child FROM unnest($2::uuid[], $3::uuid[]) AS n (parent, child)`,
      [communityId, ...columns(added)],
    );
    await tx.wrote('group_nestings', added.length);
  }
}
