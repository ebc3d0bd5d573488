import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { lockGroupsOfMembers, touchGroups } from '../groups/touch-entries.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { givePosixNumbers } from './give-posix-numbers.ts';
import { requireAnotherOwner } from './last-owner.ts';
import { lockMembership, type Status } from './membership-store.ts';

type Change = { from: readonly Status[]; to: Status; event: string };

/** Where a membership may go from where. Whoever left comes back by a new invitation only. */
const CHANGES = {
  suspend: { from: ['active'], to: 'suspended', event: 'member.suspended' },
  resume: { from: ['suspended'], to: 'active', event: 'member.resumed' },
  admit: { from: ['requested'], to: 'active', event: 'member.admitted' },
  refuse: { from: ['requested'], to: 'left', event: 'member.refused' },
  /** The person asked for their account to be deleted; until it is, they may come back. */
  hold: { from: ['active'], to: 'suspended', event: 'member.deletion-requested' },
  stay: { from: ['suspended'], to: 'active', event: 'member.deletion-cancelled' },
  leave: { from: ['requested', 'active', 'suspended'], to: 'left', event: 'member.left' },
} as const satisfies Record<string, Change>;

export type StatusChange = keyof typeof CHANGES;

/**
 * Suspends, resumes, admits or refuses a member, or lets them leave. What takes access away ends all sessions
 * and tokens in the same transaction (invariant 4).
 * @returns whether that changed anything: false when the member is there already
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `last-owner` when the community would have no owner any more; `state` when the membership cannot go there from where it is, or `posix-exhausted`
 */
export async function setMemberStatus(
  tx: Transaction,
  communityId: string,
  subject: string,
  change: StatusChange,
  actor: Actor,
): Promise<boolean> {
  const groups = await lockGroupsOfMembers(tx, communityId, [subject]);
  // The operator may stop anybody at once, an owner whose account was taken, say; it can be undone.
  const isStop = change === 'suspend' && !actor.startsWith('member:');
  if (CHANGES[change].to !== 'active' && !isStop)
    await requireAnotherOwner(tx, communityId, subject);
  const member = await lockMembership(tx, communityId, subject);
  if (member === undefined) throw new NotFoundError('member');
  const { from, to, event }: Change = CHANGES[change];
  if (member.status === to) return false;
  const isHeld = member.statusReason === 'deletion';
  if (
    !from.includes(member.status) ||
    (change === 'resume' && isHeld) ||
    (change === 'stay' && !isHeld)
  ) {
    throw new RefusedError(
      'state',
      `cannot ${change} "${member.username}": the membership is ${member.status}`,
    );
  }
  await tx.query(
    `UPDATE memberships SET status = $3, status_reason = $4, updated_at = now()
     WHERE community_id = $1 AND subject = $2`,
    [communityId, subject, to, change === 'hold' ? 'deletion' : null],
  );
  await touchGroups(tx, communityId, groups);
  if (to !== 'active') await endMemberSessions(tx, communityId, [subject]);
  await recordEvents(tx, [{ communityId, type: event, actor, subject }]);
  if (to === 'active') await givePosixNumbers(tx, communityId);
  return true;
}
