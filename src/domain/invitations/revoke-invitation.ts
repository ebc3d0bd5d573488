import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';

/**
 * Ends an invitation: nobody comes in by it any more, and who came in stays.
 * @param id a UUID
 * @returns false when it was revoked before, or is not of this community
 */
export async function revokeInvitation(
  tx: Transaction,
  communityId: string,
  id: string,
  actor: Actor,
): Promise<boolean> {
  const [revoked] = await tx.query<{ label: string }>(
    `UPDATE invitations SET revoked_at = now()
     WHERE community_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING label`,
    [communityId, id],
  );
  if (revoked === undefined) return false;
  const details = { invitation: id, label: revoked.label };
  await recordEvents(tx, [{ communityId, type: 'invitation.revoked', actor, details }]);
  return true;
}
