import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Role } from '../memberships/membership-store.ts';
import { actorOf, checkInviter, type Inviter } from './inviter.ts';

type Revocable = { label: string; role: Role; isRevoked: boolean; groupIds: string[] };

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
  const [invitation] = await tx.query<Revocable>(
    `SELECT i.label, i.role, i.revoked_at IS NOT NULL AS "isRevoked",
       ARRAY(SELECT g.group_id FROM invitation_groups g
         WHERE g.community_id = i.community_id AND g.invitation_id = i.id) AS "groupIds"
     FROM invitations i WHERE i.community_id = $1 AND i.id = $2 FOR UPDATE`,
    [communityId, id],
  );
  if (invitation === undefined) return false;
  const { label, isRevoked } = invitation;
  await checkInviter(tx, communityId, by, invitation);
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
