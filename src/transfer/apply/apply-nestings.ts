import { subjectsInGroups } from '../../domain/groups/group-store.ts';
import { lockGroupsAround, touchGroups, touchMembers } from '../../domain/groups/touch-entries.ts';
import { endMemberSessions } from '../../domain/sessions/end-sessions.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { GroupIds } from './apply-groups.ts';
import { findCycle } from './group-cycles.ts';
import type { ApplyRun } from './run.ts';

type Nesting = { parent: string; child: string };
export type NestingChange = {
  /** The parent's id. */
  parent: string;
  type: 'group.nested' | 'group.unnested';
  /** The child's name. */
  child: string;
};

/**
 * Puts groups inside others as the file says; with --prune, a group whose `groups` is given has no
 * others inside, and those who were in it through them lose their sessions.
 * @returns what was put into and taken out of each group, by its id
 */
export async function applyNestings(
  run: ApplyRun,
  community: SettledCommunity,
  groups: readonly { id: string; name: string }[],
): Promise<Map<string, NestingChange[]>> {
  const { id } = community.row;
  const entries = community.entry.groups ?? [];
  const ids = new Map(groups.map((group) => [nameKey(group.name), group.id]));
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
  if (reportCycle(run, community, ids, [...kept, ...added])) return new Map();
  await endSessions(run, id, removed);
  await storeNestings(run, id, added, removed);
  await touchNested(run, id, [...added, ...removed]);
  const names = new Map(groups.map((group) => [group.id, group.name]));
  const changes = (list: Nesting[], type: NestingChange['type']) =>
    list.map(({ parent, child }) => ({ parent, type, child: names.get(child) as string }));
  return Map.groupBy(
    [...changes(added, 'group.nested'), ...changes(removed, 'group.unnested')],
    (change) => change.parent,
  );
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

/** Whoever is inside what is taken out loses a group. */
async function endSessions(
  run: ApplyRun,
  communityId: string,
  removed: readonly Nesting[],
): Promise<void> {
  if (removed.length === 0) return;
  const children = removed.map((nesting) => nesting.child);
  const subjects = await subjectsInGroups(run.tx, communityId, children);
  await endMemberSessions(run.tx, communityId, subjects);
}

async function touchNested(
  run: ApplyRun,
  communityId: string,
  changed: readonly Nesting[],
): Promise<void> {
  if (changed.length === 0) return;
  const ids = changed.flatMap(({ parent, child }) => [parent, child]);
  const children = changed.map((nesting) => nesting.child);
  await touchGroups(run.tx, communityId, await lockGroupsAround(run.tx, communityId, ids));
  const subjects = await subjectsInGroups(run.tx, communityId, children);
  await touchMembers(run.tx, communityId, subjects);
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
