import { communityAddress } from '../../domain/communities/community-address.ts';
import { RefusedError } from '../../domain/errors.ts';
import type { MemberChange, Place } from '../../domain/memberships/member-change.ts';
import type { Status } from '../../domain/memberships/membership-store.ts';
import { saveMembers } from '../../domain/memberships/save-members.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import { logMember, logRemoved } from './log-member.ts';
import { isPast, type KnownEnds, PLACES, placesOf, roleOf } from './over-in-file.ts';
import { placeOfPosix } from './posix-place.ts';
import { memberPlace, settleHash } from './resolve-password-hashes.ts';
import type { ApplyRun, GroupIds } from './run.ts';
import type { MemberEntry } from './schema.ts';

/** What the hub has of a member of the file. */
type Known = {
  subject: string;
  key: string;
  status: Status;
  /** Why it is suspended, where nobody suspended it. */
  reason: 'deletion' | 'ended' | null;
  passwordHash: string | null;
} & KnownEnds;

/** Enough that statements are few, few enough that what is made of a member is soon forgotten. */
const TOGETHER = 1_000;

/**
 * Brings a community's members to what the file says; with --prune, those whom it does not name have left, and
 * a member whose `groups` is given is in no others. Guests are the partnership's business, not the file's.
 *
 * A city's members are saved some at a time, for the sake of memory. Where that is not what saving them all at
 * once would be (two who swap their addresses, an owner who follows another), or there is a fault to be told with
 * others, what was saved is taken back, and all are saved at once.
 * @returns whether they are what the file says; otherwise faults are told
 */
export async function applyMembers(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
): Promise<boolean> {
  const entries = community.entry.members;
  if (entries === undefined) return true;
  const { id, slug } = community.row;
  const gone = run.prune ? await unnamed(run, id, entries) : [];
  const issuerUrl = await communityAddress(run.tx, new URL(run.hubUrl), id);
  const target: Target = { community, groups, place: { id, issuerUrl } };
  const isSaved =
    (entries.length + gone.length > TOGETHER && (await saveInTurn(run, target, entries, gone))) ||
    (await saveAtOnce(run, target, entries, gone));
  if (isSaved) for (const { username } of gone) logRemoved(run, slug, username);
  return isSaved;
}

type Target = { community: SettledCommunity; groups: GroupIds; place: Place };
type Gone = { subject: string; username: string };

/** Members must be saved together with others. */
class TogetherOnly extends Error {}

/** @returns whether they are saved; otherwise nothing is */
async function saveInTurn(
  run: ApplyRun,
  target: Target,
  entries: readonly MemberEntry[],
  gone: readonly Gone[],
): Promise<boolean> {
  const { tx, log } = run;
  const told = [log.changes.length, log.notes.length] as const;
  await lockInOrder(run, target.place.id, entries, gone);
  await tx.query('SAVEPOINT members');
  try {
    for (const some of slices(entries)) {
      const changes = await toChanges(run, target, some, refuseReturns);
      for (const member of await saveMembers(tx, target.place, changes, 'apply'))
        logMember(run, target.community.row.slug, member);
    }
    for (const some of slices(gone)) await saveMembers(tx, target.place, some.map(toLeft), 'apply');
    await tx.query('RELEASE SAVEPOINT members');
    return true;
  } catch (error) {
    if (!(error instanceof TogetherOnly || error instanceof RefusedError)) throw error;
    await tx.query('ROLLBACK TO SAVEPOINT members');
    [log.changes.length, log.notes.length] = told;
    return false;
  }
}

/** Whoever comes back may find that their address went to another, earlier in the file: that is to be told. */
function refuseReturns({ status }: MemberEntry, before: Known | undefined): void {
  if (before?.status === 'left' && status !== undefined && status !== 'left')
    throw new TogetherOnly();
}

/** As one change locks them: changes that meet must not wait for one another. */
async function lockInOrder(
  { tx }: ApplyRun,
  communityId: string,
  entries: readonly MemberEntry[],
  gone: readonly Gone[],
): Promise<void> {
  const keys = [...entries, ...gone].map(({ username }) => nameKey(username));
  await tx.query(
    `SELECT count(*) FROM (SELECT FROM unnest($2::text[]) AS named (key)
       JOIN memberships m ON m.community_id = $1 AND m.username_key = named.key
     ORDER BY m.subject FOR NO KEY UPDATE OF m) locked`,
    [communityId, keys],
  );
}

/** @returns whether they are saved; otherwise the faults are told */
async function saveAtOnce(
  run: ApplyRun,
  target: Target,
  entries: readonly MemberEntry[],
  gone: readonly Gone[],
): Promise<boolean> {
  try {
    const changes = await toChanges(run, target, entries);
    changes.push(...gone.map(toLeft));
    const saved = await saveMembers(run.tx, target.place, changes, 'apply');
    for (const member of saved.slice(0, entries.length))
      logMember(run, target.community.row.slug, member);
    return true;
  } catch (error) {
    reportRefused(run, target.community, error);
    return false;
  }
}

function* slices<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let start = 0; start < items.length; start += TOGETHER)
    yield items.slice(start, start + TOGETHER);
}

const toLeft = ({ subject }: Gone) => ({ subject, status: 'left' as const });

async function toChanges(
  run: ApplyRun,
  { community, groups }: Target,
  entries: readonly MemberEntry[],
  check?: (entry: MemberEntry, before: Known | undefined) => void,
): Promise<MemberChange[]> {
  const { id, slug } = community.row;
  const known = await readMembers(run, id, entries);
  const changes: MemberChange[] = [];
  for (const entry of entries) {
    const before = known.get(nameKey(entry.username));
    check?.(entry, before);
    noteWhoStays(run, slug, entry, before);
    changes.push(toChange(run, entry, before, await hashOf(run, slug, entry, before), groups));
  }
  return changes;
}

async function readMembers(
  run: ApplyRun,
  communityId: string,
  entries: readonly MemberEntry[],
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  await inBatches(entries, async (batch) => {
    const rows = await run.tx.query<Known>(
      `SELECT m.subject, m.username_key AS key, m.status, m.status_reason AS reason, m.role,
         ${PLACES} AS places,
         p.password_hash AS "passwordHash"
       FROM unnest($2::text[]) AS named (key)
         JOIN memberships m ON m.community_id = $1 AND m.username_key = named.key
         JOIN persons p ON p.id = m.person_id`,
      [communityId, batch.map(({ username }) => nameKey(username))],
    );
    for (const row of rows) known.set(row.key, row);
  });
  return known;
}

/** Members whom the file does not name, by username. */
async function unnamed(
  run: ApplyRun,
  communityId: string,
  entries: readonly MemberEntry[],
): Promise<Gone[]> {
  return run.tx.query(
    `SELECT m.subject, m.username FROM memberships m
     WHERE m.community_id = $1 AND m.status <> 'left' AND m.origin = 'local'
       AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS named (key) WHERE named.key = m.username_key)
     ORDER BY m.username_key`,
    [communityId, entries.map(({ username }) => nameKey(username))],
  );
}

async function hashOf(
  run: ApplyRun,
  slug: string,
  entry: MemberEntry,
  before: Known | undefined,
): Promise<string | null> {
  const stored = before?.passwordHash ?? null;
  if (entry.passwordHash !== undefined) return settleHash(entry.passwordHash, stored);
  if (entry.password === undefined) return stored;
  return run.passwords.settle(memberPlace(slug, nameKey(entry.username)), entry.password, stored);
}

function toChange(
  { prune }: ApplyRun,
  entry: MemberEntry,
  before: Known | undefined,
  hash: string | null,
  groups: GroupIds,
): MemberChange {
  const { username, givenName, familyName, nickname, email, locale, zoneinfo, until } = entry;
  const names = { username, displayName: entry.name, givenName, familyName, nickname };
  // Whoever writes the file vouches for the addresses in it.
  const vouched = typeof email === 'string' && { emailVerified: true as const };
  const values = { ...names, email, ...vouched, locale, zoneinfo, until, ...roleOf(entry, before) };
  const ids = placesOf(entry, before, groups);
  if (before === undefined) {
    return { ...values, status: entry.status, passwordHash: hash ?? undefined, groupIds: ids };
  }
  const { subject } = before;
  return {
    subject,
    ...values,
    status: statusOf(entry, before),
    ...(hash !== null && hash !== before.passwordHash && { password: { hash } }),
    ...(ids !== undefined && { groups: prune ? { only: ids } : { add: ids } }),
  };
}

/** Whoever waits for their account to be deleted may be sent away for good, but not called back; and a file from before an
 * end says nothing against it. */
function statusOf({ status, until }: MemberEntry, { reason }: Known): Status | undefined {
  if (reason === 'ended' && until != null && isPast(until)) return undefined;
  return reason === 'deletion' && status === 'active' ? undefined : status;
}

function noteWhoStays(
  run: ApplyRun,
  slug: string,
  { username, status }: MemberEntry,
  before: Known | undefined,
): void {
  if (before?.status === 'left' && status === undefined) {
    run.log.notes.push(
      `${slug}/${username} has left, and stays so: say "status: active" to bring them back`,
    );
  }
  if (before?.reason === 'deletion' && status === 'active') {
    run.log.notes.push(
      `${slug}/${username} asked for their account to be deleted: they alone can take that back, by signing in`,
    );
  }
}

/** The domain's refusals, each at its place in the file; whatever else went wrong goes on. */
function reportRefused(run: ApplyRun, { path, entry }: SettledCommunity, error: unknown): void {
  if (error instanceof RefusedChangesError) {
    for (const { index, path: keys, subject, fault } of error.refusals) {
      const isNamed = index < (entry.members?.length ?? 0);
      // Somebody whom the file does not name has no place in it.
      if (!isNamed) run.report([...path, 'members'], `does not name ${subject}, who ${fault}`);
      else run.report([...path, 'members', index, ...keys.map(fileKey)], fault);
    }
  } else if (error instanceof RefusedError && error.code === 'posix-exhausted') {
    run.report(placeOfPosix(path, entry), error.message);
  } else throw error;
}

function fileKey(key: string | number): string | number {
  return key === 'displayName' ? 'name' : key;
}
