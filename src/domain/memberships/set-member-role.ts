import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { requireAnotherOwner } from './last-owner.ts';
import { lockMembership, type Role } from './membership-store.ts';

/**
 * Sets a member's role, and ends their sessions: no app goes on with the old one (invariant 4).
 * @returns whether that changed anything
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `last-owner` when the community would have no owner any more
 */
export async function setMemberRole(
  tx: Transaction,
  communityId: string,
  subject: string,
  role: Role,
  actor: Actor,
): Promise<boolean> {
  if (role !== 'owner') await requireAnotherOwner(tx, communityId, subject);
  const member = await lockMembership(tx, communityId, subject);
  if (member === undefined) throw new NotFoundError('member');
  if (member.role === role) return false;
  await tx.query(
    'UPDATE memberships SET role = $3, updated_at = now() WHERE community_id = $1 AND subject = $2',
    [communityId, subject, role],
  );
  await endMemberSessions(tx, communityId, [subject]);
  const details = { from: member.role, to: role };
  await recordEvents(tx, [{ communityId, type: 'member.role-changed', actor, subject, details }]);
  return true;
}
