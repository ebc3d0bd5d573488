import { communityAddress } from '../../domain/communities/community-address.ts';
import { RefusedError } from '../../domain/errors.ts';
import type { MemberChange, SavedMember } from '../../domain/memberships/member-change.ts';
import type { Status } from '../../domain/memberships/membership-store.ts';
import { saveMembers } from '../../domain/memberships/save-members.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import { logMember, logRemoved } from './log-member.ts';
import { placeOfPosix } from './posix-place.ts';
import { memberPlace, settleHash } from './resolve-password-hashes.ts';
import type { ApplyRun, GroupIds } from './run.ts';
import type { MemberEntry } from './schema.ts';

/** What the hub has of a member of the file. */
type Known = {
  subject: string;
  key: string;
  status: Status;
  /** The person asked for their account to be deleted. */
  isHeld: boolean;
  passwordHash: string | null;
};

/**
 * Brings a community's members to what the file says; with --prune, those whom it does not name have left, and
 * a member whose `groups` is given is in no others. Guests are the partnership's business, not the file's.
 */
export async function applyMembers(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
): Promise<void> {
  const entries = community.entry.members;
  if (entries === undefined) return;
  const { id, slug } = community.row;
  const known = await readMembers(run, id, entries);
  const changes: MemberChange[] = [];
  for (const entry of entries) {
    const before = known.get(nameKey(entry.username));
    noteWhoStays(run, slug, entry, before);
    changes.push(toChange(run, entry, before, await hashOf(run, slug, entry, before), groups));
  }
  const gone = run.prune ? await unnamed(run, id, entries) : [];
  changes.push(...gone.map(({ subject }) => ({ subject, status: 'left' as const })));
  const issuerUrl = await communityAddress(run.tx, new URL(run.hubUrl), id);
  let saved: SavedMember[];
  try {
    saved = await saveMembers(run.tx, { id, issuerUrl }, changes, 'apply');
  } catch (error) {
    reportRefused(run, community, error);
    return;
  }
  for (const member of saved.slice(0, entries.length)) logMember(run, slug, member);
  for (const { username } of gone) logRemoved(run, slug, username);
}

async function readMembers(
  run: ApplyRun,
  communityId: string,
  entries: readonly MemberEntry[],
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  await inBatches(entries, async (batch) => {
    const rows = await run.tx.query<Known>(
      `SELECT m.subject, m.username_key AS key, m.status, m.status_reason IS NOT NULL AS "isHeld",
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
): Promise<{ subject: string; username: string }[]> {
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
  const { username, givenName, familyName, nickname, email, locale, zoneinfo, role } = entry;
  const names = { username, displayName: entry.name, givenName, familyName, nickname };
  // Whoever writes the file vouches for the addresses in it.
  const vouched = typeof email === 'string' && { emailVerified: true as const };
  const values = { ...names, email, ...vouched, locale, zoneinfo, role };
  const ids = entry.groups?.map((name) => groups.get(nameKey(name)) as string);
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

/** Whoever waits for their account to be deleted may be sent away for good, but not called back. */
function statusOf({ status }: MemberEntry, { isHeld }: Known): Status | undefined {
  return isHeld && status === 'active' ? undefined : status;
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
  if (before?.isHeld && status === 'active') {
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
