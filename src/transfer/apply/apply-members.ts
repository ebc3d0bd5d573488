import { randomUUID } from 'node:crypto';
import { lockGroupsOfMembers, touchGroups } from '../../domain/groups/touch-entries.ts';
import { nameKey } from '../../platform/text/names.ts';
import { either, type SettledCommunity } from './apply-communities.ts';
import type { GroupIds } from './apply-groups.ts';
import { applyMemberGroups, NO_CHANGE } from './apply-member-groups.ts';
import { endLostSessions } from './end-lost-sessions.ts';
import { logMember } from './log-member.ts';
import { pruneMembers } from './prune-members.ts';
import { memberPlace, settleHash } from './resolve-password-hashes.ts';
import { type ApplyRun, changedKeys } from './run.ts';
import type { MemberEntry } from './schema.ts';
import { storeMembers } from './store-members.ts';

/** A membership with its person's password, by the file's keys. */
export type MemberRow = {
  subject: string;
  personId: string;
  username: string;
  name: string;
  givenName: string | null;
  familyName: string | null;
  nickname: string | null;
  email: string | null;
  emailVerified: boolean;
  locale: string | null;
  zoneinfo: string | null;
  role: 'member' | 'admin' | 'owner';
  status: 'requested' | 'active' | 'suspended' | 'left';
  passwordHash: string | null;
};

/** `held`: suspended because the person asked for their account to be deleted. */
type KnownMember = MemberRow & { held: boolean };

export type SettledMember = {
  entry: MemberEntry;
  /** Place in the file's list. */
  index: number;
  before: MemberRow | undefined;
  after: MemberRow;
  /** Keys of `after` that differ; empty for a new member. */
  changed: (keyof MemberRow)[];
};

/**
 * Brings a community's members to what the file says, and ends the sessions of those who lose
 * something by it: a role, a group, their status, or a password that someone may have known.
 */
export async function applyMembers(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
): Promise<void> {
  const entries = community.entry.members;
  if (entries === undefined) return;
  const rows = await lockMembers(run, community, entries);
  const members = await settleMembers(run, community, rows);
  if (reportTakenAddresses(run, community, members, rows)) return;
  await storeMembers(run.tx, community.row.id, members);
  await touchGroupsOfChanged(run, community.row.id, members);
  const groupChanges = await applyMemberGroups(run, community, members, groups);
  for (const member of members) {
    logMember(run, community, member, groupChanges.get(member.after.subject) ?? NO_CHANGE);
  }
  await endLostSessions(run, community.row.id, members, groupChanges);
  await pruneMembers(run, community, members);
}

/** A group shows the names of those in it who are active. */
async function touchGroupsOfChanged(
  run: ApplyRun,
  communityId: string,
  members: readonly SettledMember[],
): Promise<void> {
  const subjects = members
    .filter(({ changed }) => changed.includes('username') || changed.includes('status'))
    .map(({ after }) => after.subject);
  if (subjects.length === 0) return;
  const groups = await lockGroupsOfMembers(run.tx, communityId, subjects);
  await touchGroups(run.tx, communityId, groups);
}

/** Members whom the file names, and those who have an address that it gives to someone. */
async function lockMembers(
  run: ApplyRun,
  { row }: SettledCommunity,
  entries: readonly MemberEntry[],
): Promise<Map<string, KnownMember>> {
  const rows = await run.tx.query<KnownMember>(
    `SELECT m.subject, m.person_id AS "personId", m.username, m.display_name AS name, m.given_name AS "givenName",
       m.family_name AS "familyName", m.nickname, m.email, e.verified_at IS NOT NULL AS "emailVerified",
       m.locale, m.zoneinfo, m.role, m.status, m.status_reason IS NOT NULL AS held,
       p.password_hash AS "passwordHash"
     FROM memberships m JOIN persons p ON p.id = m.person_id
       LEFT JOIN person_emails e ON e.person_id = m.person_id AND e.address = m.email
     WHERE m.community_id = $1 AND (m.username_key = ANY($2) OR m.email_key = ANY($3))
     ORDER BY m.subject FOR NO KEY UPDATE OF m`,
    [
      row.id,
      entries.map((entry) => nameKey(entry.username)),
      entries.flatMap((entry) => (entry.email == null ? [] : nameKey(entry.email))),
    ],
  );
  return new Map(rows.map((member) => [nameKey(member.username), member]));
}

async function settleMembers(
  run: ApplyRun,
  community: SettledCommunity,
  rows: ReadonlyMap<string, KnownMember>,
): Promise<SettledMember[]> {
  const members: SettledMember[] = [];
  for (const [index, entry] of (community.entry.members ?? []).entries()) {
    const before = rows.get(nameKey(entry.username));
    const after = toRow(entry, before, await hashOf(run, community.row.slug, entry, before));
    members.push({
      entry,
      index,
      before,
      after,
      changed: before === undefined ? [] : changedKeys(before, after),
    });
    if (before?.status === 'left' && entry.status === undefined) {
      run.log.notes.push(
        `${community.row.slug}/${entry.username} has left, and stays so: say "status: active" to bring them back`,
      );
    }
    if (before?.held && entry.status === 'active') {
      run.log.notes.push(
        `${community.row.slug}/${entry.username} asked for their account to be deleted: they alone can take that back, by signing in`,
      );
    }
  }
  return members;
}

async function hashOf(
  run: ApplyRun,
  slug: string,
  entry: MemberEntry,
  before: MemberRow | undefined,
): Promise<string | null> {
  const stored = before?.passwordHash ?? null;
  if (entry.passwordHash !== undefined) return settleHash(entry.passwordHash, stored);
  if (entry.password === undefined) return stored;
  return run.passwords.settle(memberPlace(slug, nameKey(entry.username)), entry.password, stored);
}

/** A new membership is a person of its own: an address never links to somebody who is already known. */
function toRow(
  entry: MemberEntry,
  before: KnownMember | undefined,
  passwordHash: string | null,
): MemberRow {
  const email = either(entry.email, before?.email);
  return {
    subject: before?.subject ?? randomUUID(),
    personId: before?.personId ?? randomUUID(),
    username: entry.username,
    name: entry.name,
    givenName: either(entry.givenName, before?.givenName),
    familyName: either(entry.familyName, before?.familyName),
    nickname: either(entry.nickname, before?.nickname),
    email,
    // Whoever writes the file vouches for the addresses in it.
    emailVerified:
      email !== null && (typeof entry.email === 'string' || (before?.emailVerified ?? false)),
    locale: either(entry.locale, before?.locale),
    zoneinfo: either(entry.zoneinfo, before?.zoneinfo),
    role: entry.role ?? before?.role ?? 'member',
    status: statusOf(entry, before),
    passwordHash,
  };
}

/** Whoever waits for their account to be deleted may be sent away for good, but not called back. */
function statusOf({ status }: MemberEntry, before: KnownMember | undefined): MemberRow['status'] {
  const wished = status ?? before?.status ?? 'active';
  return before?.held && wished !== 'left' ? 'suspended' : wished;
}

/** @returns whether any address would be two members' */
function reportTakenAddresses(
  run: ApplyRun,
  community: SettledCommunity,
  members: readonly SettledMember[],
  rows: ReadonlyMap<string, MemberRow>,
): boolean {
  const named = new Set(members.map(({ after }) => after.subject));
  const holders = new Map<string, MemberRow>();
  for (const row of rows.values()) {
    if (!named.has(row.subject) && row.email !== null) holders.set(nameKey(row.email), row);
  }
  for (const { entry, after } of members) {
    if (entry.email === undefined && after.email !== null) holders.set(nameKey(after.email), after);
  }
  let found = false;
  for (const { entry, index } of members) {
    const holder = entry.email == null ? undefined : holders.get(nameKey(entry.email));
    if (holder === undefined) continue;
    run.report(
      [...community.path, 'members', index, 'email'],
      `is the address of the member ${holder.username}: give another, or change theirs`,
    );
    found = true;
  }
  return found;
}
