import { NotFoundError } from '../communities/change-errors.ts';
import type { Transaction } from '../database/database.ts';
import { type Actor, recordEvents } from '../events/record-event.ts';
import { lockMembership } from '../memberships/membership-store.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';

/**
 * Gives the person behind a member a new password, and ends every session that the old one opened: in
 * each community that they are in, and as an operator.
 * @param passwordHash from `hashPassword`, made before the transaction began
 * @throws NotFoundError when the member is not of this community
 */
export async function setPassword(
  tx: Transaction,
  communityId: string,
  subject: string,
  passwordHash: string,
  actor: Actor,
): Promise<void> {
  const member = await lockMembership(tx, communityId, subject);
  if (member === undefined) throw new NotFoundError('member');
  await tx.query(
    `UPDATE persons SET password_hash = $2, password_changed_at = now(), updated_at = now() WHERE id = $1`,
    [member.personId, passwordHash],
  );
  const memberships = await tx.query<{ communityId: string; subject: string }>(
    'SELECT community_id AS "communityId", subject FROM memberships WHERE person_id = $1 ORDER BY community_id',
    [member.personId],
  );
  for (const each of memberships) await endMemberSessions(tx, each.communityId, [each.subject]);
  await tx.query(
    'DELETE FROM operator_sessions s USING operators o WHERE o.id = s.operator_id AND o.person_id = $1',
    [member.personId],
  );
  await recordEvents(
    tx,
    memberships.map((each) => ({ ...each, type: 'member.password-changed', actor })),
  );
}
