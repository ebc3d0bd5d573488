import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { lockCommunity, lockHubNames } from '../communities/lock-communities.ts';
import { NotFoundError } from '../errors.ts';
import { type Fault, refuseFaults } from '../refused-changes.ts';
import { givePosixNumbers } from './give-posix-numbers.ts';
import { homeFault, type PosixRange, rangeFaults, shellFault } from './posix-rules.ts';

export type PosixChange = PosixRange & {
  primaryGroupId: string;
  /** `/home/{username}` unless the accounts have another. */
  home?: string | undefined;
  /** `/bin/bash` unless the accounts have another. */
  shell?: string | undefined;
};

type Stored = Required<PosixChange>;

export const POSIX_SETTING = 'ldap.posix';

/**
 * Turns POSIX accounts of a community on or off, or changes what they are made of, and gives numbers to
 * whoever lacks one. A range that is off stays the community's: what it gave is never somebody else's.
 * @returns whether that changed anything
 * @throws NotFoundError when the community or the group is not there
 * @throws RefusedChangesError when the range is not one, is another's, or leaves out what was given
 * @throws RefusedError `posix-exhausted` when it has fewer numbers than are needed
 */
export async function savePosixSettings(
  tx: Transaction,
  communityId: string,
  change: PosixChange | null,
  actor: Actor,
): Promise<boolean> {
  await lockHubNames(tx);
  await lockCommunity(tx, communityId);
  const before = await readSettings(tx, communityId);
  const after = change && {
    firstNumber: change.firstNumber,
    count: change.count,
    primaryGroupId: change.primaryGroupId,
    home: change.home ?? before?.home ?? '/home/{username}',
    shell: change.shell ?? before?.shell ?? '/bin/bash',
  };
  if (isDeepStrictEqual(before, after)) return false;
  if (after !== null) {
    await requireGroup(tx, communityId, after.primaryGroupId);
    await takeRange(tx, communityId, after);
  }
  await storeSettings(tx, communityId, after);
  const details = { fields: [POSIX_SETTING] };
  await recordEvents(tx, [{ communityId, type: 'community.updated', actor, details }]);
  if (after !== null) await givePosixNumbers(tx, communityId);
  return true;
}

async function readSettings(tx: Transaction, communityId: string): Promise<Stored | null> {
  const [row] = await tx.query<Stored>(
    `SELECT r.first_number AS "firstNumber", r.count, c.posix_primary_group_id AS "primaryGroupId",
       c.posix_home AS home, c.posix_shell AS shell
     FROM communities c JOIN posix_ranges r ON r.community_id = c.id
     WHERE c.id = $1 AND c.posix_primary_group_id IS NOT NULL`,
    [communityId],
  );
  return row ?? null;
}

async function requireGroup(tx: Transaction, communityId: string, id: string): Promise<void> {
  const [group] = await tx.query(
    'SELECT 1 FROM groups WHERE community_id = $1 AND id = $2 FOR KEY SHARE',
    [communityId, id],
  );
  if (group === undefined) throw new NotFoundError('group');
}

async function takeRange(tx: Transaction, communityId: string, change: Stored): Promise<void> {
  const { firstNumber, count, home, shell } = change;
  const faults = rangeFaults(change);
  const check = (path: string, value: string, fault: string | undefined) => {
    const subject = `"${value}"`;
    if (fault !== undefined) faults.push({ code: 'value', path: [path], subject, fault });
  };
  check('home', home, homeFault(home));
  check('shell', shell, shellFault(shell));
  refuseFaults(faults.map((fault) => ({ ...fault, index: 0 })));
  const next = await nextNumber(tx, communityId, change);
  await tx.query(
    `INSERT INTO posix_ranges (community_id, first_number, count, next_number) VALUES ($1, $2, $3, $4)
     ON CONFLICT (community_id) DO UPDATE SET first_number = EXCLUDED.first_number, count = EXCLUDED.count,
       next_number = EXCLUDED.next_number`,
    [communityId, firstNumber, count, next],
  );
}

type Range = { id: string; slug: string; first: number; end: number; next: number };

/** The number that a community gives next, once it may have a range. */
async function nextNumber(
  tx: Transaction,
  communityId: string,
  { firstNumber, count }: PosixRange,
): Promise<number> {
  const end = firstNumber + count;
  const ranges = await tx.query<Range>(
    `SELECT c.id, c.slug, r.first_number AS first, r.first_number + r.count AS end, r.next_number AS next
     FROM posix_ranges r JOIN communities c ON c.id = r.community_id
     WHERE r.community_id = $1 OR (r.first_number < $3 AND $2 < r.first_number + r.count)
     ORDER BY r.first_number FOR NO KEY UPDATE OF r`,
    [communityId, firstNumber, end],
  );
  const own = ranges.find(({ id }) => id === communityId);
  const other = ranges.find(({ id }) => id !== communityId);
  const refuse = (fault: Pick<Fault, 'code' | 'fault'>) =>
    refuseFaults([{ ...fault, index: 0, path: ['firstNumber'], subject: 'the range' }]);
  if (other !== undefined) {
    const fault = `has numbers (${firstNumber} to ${end - 1}) of the community ${other.slug}, whose are ${other.first} to ${other.end - 1}: no number may be of two communities`;
    refuse({ code: 'posix-taken', fault });
  }
  const isUsed = own !== undefined && own.next > own.first;
  if (!isUsed) return firstNumber;
  if (own.first < firstNumber || own.next > end) {
    const fault = `leaves out numbers that were given already: the range must hold ${own.first} to ${own.next - 1}`;
    refuse({ code: 'posix-given', fault });
  }
  return own.next;
}

async function storeSettings(
  tx: Transaction,
  communityId: string,
  settings: Stored | null,
): Promise<void> {
  if (settings === null) {
    await tx.query(
      'UPDATE communities SET posix_primary_group_id = NULL, updated_at = now() WHERE id = $1',
      [communityId],
    );
    return;
  }
  await tx.query(
    `UPDATE communities SET posix_primary_group_id = $2, posix_home = $3, posix_shell = $4, updated_at = now() WHERE id = $1`,
    [communityId, settings.primaryGroupId, settings.home, settings.shell],
  );
}
