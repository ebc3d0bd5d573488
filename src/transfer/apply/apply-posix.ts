import { isDeepStrictEqual } from 'node:util';
import { RefusedError } from '../../domain/errors.ts';
import { givePosixNumbers } from '../../domain/posix/give-posix-numbers.ts';
import { savePosixSettings } from '../../domain/posix/save-posix-settings.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ApplyRun, GroupIds } from './run.ts';

/** Brings a community's POSIX accounts to what the file says, and gives numbers to whoever lacks one. */
export async function applyPosix(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
): Promise<void> {
  const { row, before, path } = community;
  try {
    if (!isDeepStrictEqual(row.posix, before?.posix ?? null)) {
      await savePosixSettings(run.tx, row.id, toChange(row.posix, groups), 'apply');
    }
    await givePosixNumbers(run.tx, row.id);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const at = community.entry.ldap?.posix == null ? undefined : [...path, 'ldap', 'posix'];
    if (error instanceof RefusedChangesError) {
      for (const { path: rest, fault } of error.refusals)
        run.report([...(at ?? path), ...rest], fault);
    } else {
      run.report(at === undefined ? [...path, 'slug'] : [...at, 'count'], error.message);
    }
  }
}

function toChange(posix: SettledCommunity['row']['posix'], groups: GroupIds) {
  if (posix === null) return null;
  const { primaryGroup, ...change } = posix;
  return { ...change, primaryGroupId: groups.get(nameKey(primaryGroup)) as string };
}
