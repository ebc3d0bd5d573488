import { changeNestings, type Nesting, storedNestings } from '../../domain/groups/nest-groups.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ApplyRun, GroupIds } from './run.ts';

/**
 * Puts groups inside others as the file says; with --prune, a group whose `groups` is given has no others
 * inside.
 * @returns ids of the groups into which others were put, or out of which they were taken
 */
export async function applyNestings(
  run: ApplyRun,
  community: SettledCommunity,
  ids: GroupIds,
): Promise<ReadonlySet<string>> {
  const communityId = community.row.id;
  const idOf = (name: string) => ids.get(nameKey(name));
  const wanted: (Nesting & { index: number })[] = [];
  const listed = new Set<string>();
  for (const [index, entry] of (community.entry.groups ?? []).entries()) {
    const parentId = idOf(entry.name);
    if (entry.groups === undefined || parentId === undefined) continue;
    listed.add(parentId);
    for (const name of entry.groups) {
      const childId = idOf(name);
      if (childId !== undefined) wanted.push({ parentId, childId, index });
    }
  }
  const isWanted = new Set(wanted.map(({ parentId, childId }) => `${parentId} ${childId}`));
  const stored = run.prune ? await storedNestings(run.tx, communityId) : [];
  const remove = stored.filter(
    ({ parentId, childId }) => listed.has(parentId) && !isWanted.has(`${parentId} ${childId}`),
  );
  try {
    const changes = { add: wanted, remove };
    const { added, removed } = await changeNestings(run.tx, communityId, changes, 'apply');
    return new Set([...added, ...removed].map(({ parentId }) => parentId));
  } catch (error) {
    if (!(error instanceof RefusedChangesError)) throw error;
    // The file has no circle; with nestings made elsewhere there may be one.
    for (const { index, fault } of error.refusals) {
      run.report(
        [...community.path, 'groups', wanted[index]?.index ?? 0, 'groups'],
        `${fault.replace('in a circle', 'in a circle with what the hub already has')}; --prune takes away what the file does not say`,
      );
    }
    return new Set();
  }
}
