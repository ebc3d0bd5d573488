import type { SavedGroup } from '../../domain/groups/save-groups.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ApplyRun } from './run.ts';

/**
 * Tells of groups in a line of the plan each, if there is anything to tell.
 * @param nested ids of those into which others were put, or out of which they were taken
 */
export function logGroups(
  run: ApplyRun,
  { row: { slug } }: SettledCommunity,
  saved: readonly SavedGroup[],
  nested: ReadonlySet<string>,
): void {
  for (const { id, name, isNew, changed } of saved) {
    const fields: string[] = !isNew && nested.has(id) ? [...changed, 'groups'] : changed;
    if (!isNew && fields.length === 0) continue;
    run.log.add({
      action: isNew ? 'create' : 'update',
      kind: 'group',
      community: slug,
      name,
      fields,
    });
  }
}

/** The managers of a group are one of its keys, though they are found once all members are there. */
export function logManagers(
  { log }: ApplyRun,
  { row: { slug } }: SettledCommunity,
  saved: readonly SavedGroup[],
): void {
  for (const { name, changed } of saved) {
    if (changed.length === 0) continue;
    const told = log.changes.find(
      (one) => one.kind === 'group' && one.community === slug && one.name === name,
    );
    if (told === undefined)
      log.add({ action: 'update', kind: 'group', community: slug, name, fields: changed });
    else if (told.action === 'update') told.fields = [...told.fields, ...changed];
  }
}

/** What goes is told last, whenever it went. */
export function logRemovedGroups(
  run: ApplyRun,
  { row: { slug } }: SettledCommunity,
  names: readonly string[],
): void {
  for (const name of names)
    run.log.add({ action: 'remove', kind: 'group', community: slug, name, fields: [] });
}
