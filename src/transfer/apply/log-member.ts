import type { ChangedField, SavedMember } from '../../domain/memberships/member-change.ts';
import type { ApplyRun } from './run.ts';

const FILE_KEYS: Partial<Record<ChangedField, string>> = { displayName: 'name' };

/** Tells of a member in one line of the plan, if there is anything to tell. */
export function logMember(
  run: ApplyRun,
  slug: string,
  { username, isNew, changed, added, removed, redated }: SavedMember,
): void {
  const fields = changed.map((key) => FILE_KEYS[key] ?? key);
  const inGroups = added.length + removed.length + redated.length > 0;
  if (!isNew && inGroups) fields.push('groups');
  if (!isNew && fields.length === 0) return;
  run.log.add({
    action: isNew ? 'create' : 'update',
    kind: 'member',
    community: slug,
    name: username,
    fields,
  });
}

/** Tells of a member whom the file does not name. */
export function logRemoved(run: ApplyRun, slug: string, username: string): void {
  run.log.add({
    action: 'remove',
    kind: 'member',
    community: slug,
    name: username,
    fields: ['left'],
  });
}
