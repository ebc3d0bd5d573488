import { isDeepStrictEqual } from 'node:util';
import { RefusedError } from '../../domain/errors.ts';
import { givePosixNumbers } from '../../domain/memberships/give-posix-numbers.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { PosixSettings, SettledCommunity } from './apply-communities.ts';
import type { GroupIds } from './apply-groups.ts';
import type { ApplyRun } from './run.ts';

type Range = { slug: string; first: number; end: number; next: number };

/**
 * Turns POSIX accounts of a community on or off, and gives numbers to whoever lacks one. A range that is
 * off stays the community's: what it gave is never somebody else's.
 */
export async function applyPosix(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
): Promise<void> {
  const { row, before } = community;
  if (!isDeepStrictEqual(row.posix, before?.posix ?? null)) {
    if (row.posix !== null && !(await settleRange(run, community, row.posix))) return;
    await storeSettings(run, row.id, row.posix, groups);
  }
  if (row.posix === null) return;
  try {
    await givePosixNumbers(run.tx, row.id);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const isGiven = community.entry.ldap?.posix != null;
    const place = isGiven ? ['ldap', 'posix', 'count'] : ['slug'];
    run.report([...community.path, ...place], error.message);
  }
}

/** @returns whether the community may have the range; if not, that is reported */
async function settleRange(
  run: ApplyRun,
  { row, path }: SettledCommunity,
  { firstNumber, count }: PosixSettings,
): Promise<boolean> {
  const end = firstNumber + count;
  const ranges = await run.tx.query<Range>(
    `SELECT c.slug, r.first_number AS first, r.first_number + r.count AS end, r.next_number AS next
     FROM posix_ranges r JOIN communities c ON c.id = r.community_id
     WHERE r.community_id = $1 OR (r.first_number < $3 AND $2 < r.first_number + r.count)
     ORDER BY r.first_number FOR NO KEY UPDATE OF r`,
    [row.id, firstNumber, end],
  );
  const own = ranges.find(({ slug }) => slug === row.slug);
  const other = ranges.find(({ slug }) => slug !== row.slug);
  const at = [...path, 'ldap', 'posix', 'firstNumber'];
  if (other !== undefined) {
    run.report(
      at,
      `has numbers (${firstNumber} to ${end - 1}) of the community ${other.slug}, whose are ${other.first} to ${other.end - 1}: no number may be of two communities`,
    );
    return false;
  }
  const isUsed = own !== undefined && own.next > own.first;
  if (isUsed && (own.first < firstNumber || own.next > end)) {
    run.report(
      at,
      `leaves out numbers that were given already: the range must hold ${own.first} to ${own.next - 1}`,
    );
    return false;
  }
  await storeRange(run, row.id, { firstNumber, count, next: isUsed ? own.next : firstNumber });
  return true;
}

async function storeRange(
  run: ApplyRun,
  communityId: string,
  { firstNumber, count, next }: { firstNumber: number; count: number; next: number },
): Promise<void> {
  await run.tx.query(
    `INSERT INTO posix_ranges (community_id, first_number, count, next_number) VALUES ($1, $2, $3, $4)
     ON CONFLICT (community_id) DO UPDATE SET first_number = EXCLUDED.first_number, count = EXCLUDED.count,
       next_number = EXCLUDED.next_number`,
    [communityId, firstNumber, count, next],
  );
}

async function storeSettings(
  run: ApplyRun,
  communityId: string,
  posix: PosixSettings | null,
  groups: GroupIds,
): Promise<void> {
  if (posix === null) {
    await run.tx.query('UPDATE communities SET posix_primary_group_id = NULL WHERE id = $1', [
      communityId,
    ]);
    return;
  }
  await run.tx.query(
    `UPDATE communities SET posix_primary_group_id = $2, posix_home = $3, posix_shell = $4 WHERE id = $1`,
    [communityId, groups.get(nameKey(posix.primaryGroup)), posix.home, posix.shell],
  );
}
