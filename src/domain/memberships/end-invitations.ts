import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { isActive, roleNow } from '../membership-standing.ts';

const INTO = `SELECT 1 FROM invitation_groups t
        WHERE t.community_id = i.community_id AND t.invitation_id = i.id`;

/**
 * An invitation `i` stands on the word of who made it: it ends when they are an admin no longer, and one that
 * gives a role when they are no owner (`mayInviteAs`); of a group's manager, when one of its groups is not theirs
 * (`mayInviteInto`). What the command line made is the operator's word.
 */
export const VOUCHED = `(i.created_by IS NULL OR EXISTS (SELECT 1 FROM memberships v
  WHERE v.community_id = i.community_id AND v.subject = i.created_by AND ${isActive('v')}
    AND (${roleNow('v')} = 'owner' OR (i.role = 'member' AND (${roleNow('v')} = 'admin'
      OR (EXISTS (${INTO}) AND NOT EXISTS (${INTO} AND NOT EXISTS (SELECT 1 FROM group_managers x
        WHERE x.community_id = t.community_id AND x.group_id = t.group_id AND x.subject = v.subject))))))))`;

/** Why invitations end that nobody revoked: who made them may not any more, or was let in again by others. */
export type InvitationsEnd = 'role-lost' | 'recovered';

/**
 * Ends the open invitations of members that they may not give any more, by what they are in the rows now, for
 * good: they stay ended when the role comes back. Of somebody whose account was given back to them, all end.
 */
export async function endInvitationsOf(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
  actor: Actor,
  because: InvitationsEnd,
): Promise<void> {
  if (subjects.length === 0) return;
  const ended = await tx.query<{ invitation: string; label: string; inviter: string }>(
    `UPDATE invitations i SET revoked_at = now()
     WHERE i.community_id = $1 AND i.created_by = ANY($2::uuid[]) AND i.revoked_at IS NULL
       AND i.expires_at > now() AND (i.max_uses IS NULL OR i.uses < i.max_uses)
       AND ($3 OR NOT ${VOUCHED})
     RETURNING i.id AS invitation, i.label, i.created_by AS inviter`,
    [communityId, subjects, because === 'recovered'],
  );
  await recordEvents(
    tx,
    ended.map((one) => ({
      communityId,
      type: 'invitation.revoked',
      actor,
      details: { ...one, because },
    })),
  );
}
