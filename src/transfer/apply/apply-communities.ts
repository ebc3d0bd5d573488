import { isDeepStrictEqual } from 'node:util';
import { type CommunityRow, readCommunities } from '../../domain/communities/community-rows.ts';
import { SETTING_NAMES } from '../../domain/communities/community-settings.ts';
import { lockHubNames } from '../../domain/communities/lock-communities.ts';
import type { Logo } from '../../domain/communities/logo.ts';
import {
  type CommunityChange,
  type SavedCommunity,
  saveCommunities,
} from '../../domain/communities/save-communities.ts';
import { setCommunityState } from '../../domain/communities/set-community-state.ts';
import { POSIX_SETTING } from '../../domain/posix/save-posix-settings.ts';
import { type PlacedFault, RefusedChangesError } from '../../domain/refused-changes.ts';
import { toCommunityChange, wantedPosix } from './community-change.ts';
import type { Path } from './faults.ts';
import type { ApplyRun } from './run.ts';
import type { CommunityEntry } from './schema.ts';

export type CommunityToApply = { entry: CommunityEntry; path: Path; logo: Logo | null | undefined };
/** A community as the file wants it; undefined `before` is a new one. */
export type SettledCommunity = CommunityToApply & {
  row: CommunityRow;
  before: CommunityRow | undefined;
  /** What changed of one that was there, by the file's keys. */
  fields: string[];
};

/** Every community of the hub, as it is; nobody else gives names that are unique in the hub from now on. */
export async function lockCommunities(run: ApplyRun): Promise<CommunityRow[]> {
  await lockHubNames(run.tx);
  return readCommunities(run.tx);
}

/**
 * Brings the settings of the file's communities to what it says. Communities that cannot be changed
 * are reported and left out of the answer.
 */
export async function applyCommunities(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  wanted: readonly CommunityToApply[],
): Promise<SettledCommunity[]> {
  const known = new Map(rows.map((row) => [row.slug, row]));
  const planned = wanted
    .filter(({ entry, path }) => isOpenToChange(run, known.get(entry.slug), entry, path))
    .map((item) => {
      const before = known.get(item.entry.slug);
      return { item, change: toCommunityChange(item.entry, item.logo, before, run.prune) };
    });
  const saved = await saveAll(run, planned);
  return saved.map(({ item, before, after, fields }) => {
    const posix = wantedPosix(item.entry.ldap?.posix, before?.posix ?? null);
    return { ...item, before, fields, row: { ...after, posix } };
  });
}

type Planned = { item: CommunityToApply; change: CommunityChange };

/** A community that is refused is left out, so that the run finds what else is wrong before it rolls back. */
async function saveAll(
  run: ApplyRun,
  planned: readonly Planned[],
): Promise<(SavedCommunity & { item: CommunityToApply })[]> {
  let left = planned;
  for (let isFirst = true; ; isFirst = false) {
    try {
      const changes = left.map(({ change }) => change);
      const saved = await saveCommunities(run.tx, changes, 'apply', run.hubUrl);
      return saved.map((community, index) => ({
        ...community,
        item: (left[index] as Planned).item,
      }));
    } catch (error) {
      if (!(error instanceof RefusedChangesError)) throw error;
      const { refusals } = error;
      // What only the absence of those refused brings about is none of the file's faults.
      if (isFirst)
        for (const fault of refusals) reportFault(run, left[fault.index] as Planned, fault);
      left = left.filter((_, index) => refusals.every((fault) => fault.index !== index));
    }
  }
}

function reportFault(run: ApplyRun, { item }: Planned, refusal: PlacedFault): void {
  const { path, entry } = item;
  const [key, ...rest] = refusal.path;
  if (refusal.code === 'ldap-base-taken') {
    run.report(
      entry.ldap?.base === undefined ? [...path, 'slug'] : [...path, 'ldap', 'base'],
      `has ${refusal.subject}, which ${refusal.fault}: give another under ldap.base`,
    );
    return;
  }
  const name = SETTING_NAMES[key as keyof typeof SETTING_NAMES] ?? key;
  run.report([...path, ...name.split('.'), ...rest], refusal.fault);
}

function isOpenToChange(
  run: ApplyRun,
  row: CommunityRow | undefined,
  entry: CommunityEntry,
  path: Path,
): boolean {
  if (row === undefined || row.state === 'active' || row.state === 'moved') return true;
  if (entry.state !== undefined) return true;
  run.report(
    [...path, 'slug'],
    `is ${row.state}, and so left alone: say "state: active" to open it again, or take it out of the file`,
  );
  return false;
}

/** Puts communities that the file does not name into the archive; nothing of theirs is deleted. */
export async function archiveOthers(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  named: ReadonlySet<string>,
): Promise<void> {
  for (const { id, slug, state } of rows) {
    if (named.has(slug) || state === 'archived' || state === 'moved') continue;
    await setCommunityState(run.tx, id, 'archive', 'apply');
    run.log.add({ action: 'remove', kind: 'community', name: slug, fields: ['archived'] });
  }
}

/** Tells of the settings that changed, and of POSIX accounts, which are changed once their group is there. */
export function logCommunity(run: ApplyRun, { row, before, fields }: SettledCommunity): void {
  const change = { kind: 'community' as const, name: row.slug };
  if (before === undefined) {
    run.log.add({ ...change, action: 'create', fields: [] });
    return;
  }
  const all = isDeepStrictEqual(before.posix, row.posix) ? fields : [...fields, POSIX_SETTING];
  if (all.length > 0) run.log.add({ ...change, action: 'update', fields: all });
}
