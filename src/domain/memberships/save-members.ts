import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { releaseAddresses } from '../addresses/release-address.ts';
import { forgetNotices } from '../ends/forget-notices.ts';
import { endLinksOf } from '../links/link-store.ts';
import { changePasswords } from '../people/change-passwords.ts';
import { givePosixNumbers } from '../posix/give-posix-numbers.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { endApiTokensOf } from './end-api-tokens.ts';
import { endInvitationsOf } from './end-invitations.ts';
import { endManaging } from './end-managing.ts';
import { type DatedTie, storeGroupMembers, type Tie } from './group-members.ts';
import type { ChangedMember, MemberChange, Place, SavedMember } from './member-change.ts';
import { memberEvents } from './member-events.ts';
import { tellMembers } from './member-notices.ts';
import type { SettledMember } from './settle-member.ts';
import { isNewlyActive, settleMembers } from './settle-members.ts';
import { storeMembers } from './store-members.ts';
import {
  type LockedGroup,
  lockGroupsOfMembers,
  touchGroups,
  touchMembers,
} from './touch-entries.ts';

/**
 * Makes and changes members of a community: all of them, or none. This is the one place where that happens,
 * whoever asks for it: rows, events, notices and the ends of sessions come with the change (invariants 3, 4).
 * Values of which nothing is said stay, and what is as it was is no change. A member changes once in a call.
 * @param by subject of a member who must be allowed to do so: see `changeMembersAs`
 * @returns what became of each, in the order of the changes
 * @throws RefusedChangesError with every reason why a change cannot be, before anything is written
 * @throws RefusedError `posix-exhausted`, or `short-password` when the second factor went meanwhile
 * @throws NotFoundError when a member or a group is not of this community
 */
export async function saveMembers(
  tx: Transaction,
  place: Place,
  changes: readonly MemberChange[],
  actor: Actor,
  by?: string,
): Promise<SavedMember[]> {
  const { id } = place;
  const { members, saved, released, locked, groups } = await settleMembers(
    tx,
    id,
    changes,
    actor,
    by,
  );
  await releaseAddresses(tx, id, released);
  await storeMembers(tx, id, members);
  await storeGroupMembers(tx, id, members.flatMap(keptTies), members.flatMap(lostTies));
  // The groups of a single change are those that were locked for it.
  await touchEntries(tx, id, members, changes.length === 1 ? locked : undefined);
  await endWhatIsLost(tx, id, members, actor);
  await endRequests(tx, id, members);
  await endManaging(tx, id, members, actor);
  await forgetNotices(tx, id, subjectsOf(members.filter(endsOtherwise)));
  if (members.some(isNewlyActive)) await givePosixNumbers(tx, id);
  await inBatches(members, (batch) =>
    recordEvents(
      tx,
      batch.flatMap((member) => memberEvents(id, member, groups, actor)),
    ),
  );
  await storePasswords(tx, id, members, actor);
  await tellMembers(tx, place, members);
  return saved;
}

function keptTies({ after: { subject }, ties }: SettledMember): DatedTie[] {
  return [...ties.add, ...ties.redate].map(({ id, until }) => ({ groupId: id, subject, until }));
}

function lostTies({ after: { subject }, ties }: SettledMember): Tie[] {
  return ties.remove.map((groupId) => ({ groupId, subject }));
}

/** Whoever is in a group, by whatever way, waits for no answer any more. */
async function endRequests(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<void> {
  const added = members.filter(({ before }) => before !== undefined).flatMap(keptTies);
  await inBatches(added, (batch) =>
    tx.query(
      `DELETE FROM group_requests r USING unnest($2::uuid[], $3::uuid[]) AS t (id, subject)
       WHERE r.community_id = $1 AND r.group_id = t.id AND r.subject = t.subject`,
      [communityId, batch.map(({ groupId }) => groupId), batch.map(({ subject }) => subject)],
    ),
  );
}

function endsOtherwise({ before, changed, ties }: SettledMember): boolean {
  const redated = ties.redate.length > 0;
  return (
    before !== undefined &&
    (redated || changed.some((key) => key === 'until' || key === 'roleUntil'))
  );
}

/** What is shown of groups and members changes with who is in them, and with the names of those. */
async function touchEntries(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
  around: readonly LockedGroup[] | undefined,
): Promise<void> {
  const shown = members.filter(
    ({ changed }) => changed.includes('username') || changed.includes('status'),
  );
  const tied = members.filter(({ ties }) => ties.add.length + ties.remove.length > 0);
  if (shown.length + tied.length === 0) return;
  const tiedTo = new Set(
    tied.flatMap(({ ties }) => [...ties.add.map(({ id }) => id), ...ties.remove]),
  );
  const groups =
    around ?? (await lockGroupsOfMembers(tx, communityId, subjectsOf(shown), [...tiedTo]));
  await touchGroups(tx, communityId, groups);
  const unwritten = tied.filter(
    ({ before, changed }) => before !== undefined && changed.every((key) => key === 'password'),
  );
  await touchMembers(tx, communityId, subjectsOf(unwritten));
}

/**
 * Ends the sessions of members who are no longer what they were (another role, a status that opens nothing, a
 * group less), invitations and tokens that they made and may not vouch for any more, and links that were sent to an
 * address that is theirs no more.
 */
async function endWhatIsLost(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
  actor: Actor,
): Promise<void> {
  const losers = members.filter(
    ({ after, changed, ties }) =>
      changed.includes('role') ||
      (changed.includes('status') && after.status !== 'active') ||
      ties.remove.length > 0,
  );
  await inBatches(losers, (batch) => endMemberSessions(tx, communityId, subjectsOf(batch)));
  const inviters = losers.filter(
    ({ before, changed }) =>
      before !== undefined && (changed.includes('role') || changed.includes('status')),
  );
  await inBatches(inviters, async (batch) => {
    await endInvitationsOf(tx, communityId, subjectsOf(batch), actor, 'role-lost');
    await endApiTokensOf(tx, communityId, subjectsOf(batch), actor, 'role-lost');
  });
  const moved = members.filter(
    ({ before, after }) => before !== undefined && before.email !== after.email,
  );
  await inBatches(moved, (batch) => endLinksOf(tx, communityId, ['recovery'], subjectsOf(batch)));
}

function subjectsOf(members: readonly SettledMember[]): string[] {
  return members.map(({ after }) => after.subject);
}

async function storePasswords(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
  actor: Actor,
): Promise<void> {
  const passwords = members.flatMap(({ before, after, change }) => {
    const { password } = change as ChangedMember;
    if (before === undefined || password === undefined) return [];
    const { hash, isShort, keptSession, others } = password;
    const kept = keptSession === undefined ? undefined : { communityId, uid: keptSession };
    return { personId: after.personId, hash, isShort, kept, others };
  });
  const memberships = await changePasswords(tx, passwords);
  await inBatches(memberships, (batch) =>
    recordEvents(
      tx,
      batch.map(({ communityId: where, subject }) => ({
        communityId: where,
        subject,
        type: 'member.password-changed',
        // Elsewhere, who did it here says nothing: and it must not be told.
        actor: where === communityId ? actor : 'hub',
      })),
    ),
  );
}
