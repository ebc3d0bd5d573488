import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Role } from '../memberships/membership-store.ts';
import { actorOf, checkInviter, type Inviter } from './inviter.ts';

/**
 * Ends an invitation: nobody comes in by it any more, and who came in stays.
 * @param id a UUID
 * @returns false when it was revoked before, or is not of this community
 * @throws RefusedError `invitation-role` when it gives a role that is not theirs to give
 */
export async function revokeInvitation(
  tx: Transaction,
  communityId: string,
  id: string,
  by: Inviter,
): Promise<boolean> {
  const [invitation] = await tx.query<{ label: string; role: Role; isRevoked: boolean }>(
    `SELECT label, role, revoked_at IS NOT NULL AS "isRevoked" FROM invitations
     WHERE community_id = $1 AND id = $2 FOR UPDATE`,
    [communityId, id],
  );
  if (invitation === undefined) return false;
  const { label, role, isRevoked } = invitation;
  await checkInviter(tx, communityId, by, role);
  if (isRevoked) return false;
  await tx.query('UPDATE invitations SET revoked_at = now() WHERE community_id = $1 AND id = $2', [
    communityId,
    id,
  ]);
  const details = { invitation: id, label };
  await recordEvents(tx, [
    { communityId, type: 'invitation.revoked', actor: actorOf(by), details },
  ]);
  return true;
}
