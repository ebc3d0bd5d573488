import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { isActive, roleNow } from '../membership-standing.ts';
import type { InvitationsEnd } from './end-invitations.ts';

/**
 * A token `t` stands on the word of who made it, as an invitation does: it ends when they are an admin no longer,
 * and one that an owner made when they are no owner. What the command line made is the operator's word.
 */
export const TOKEN_VOUCHED = `(t.created_by IS NULL OR EXISTS (SELECT 1 FROM memberships v
  WHERE v.community_id = t.community_id AND v.subject = t.created_by AND ${isActive('v')}
    AND (${roleNow('v')} = 'owner' OR (${roleNow('v')} = 'admin' AND t.created_as = 'admin'))))`;

/**
 * Ends the tokens of members who may not vouch for them any more, by what they are in the rows now, for good: they
 * stay ended when the role comes back. Of somebody whose account was given back to them, all end.
 */
export async function endApiTokensOf(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
  actor: Actor,
  because: InvitationsEnd,
): Promise<void> {
  if (subjects.length === 0) return;
  const ended = await tx.query<{ token: string; name: string }>(
    `UPDATE api_tokens t SET revoked_at = now()
     WHERE t.community_id = $1 AND t.created_by = ANY($2::uuid[]) AND t.revoked_at IS NULL
       AND t.expires_at > now() AND ($3 OR NOT ${TOKEN_VOUCHED})
     RETURNING t.id AS token, t.name`,
    [communityId, subjects, because === 'recovered'],
  );
  await recordEvents(
    tx,
    ended.map((one) => ({
      communityId,
      type: 'token.revoked',
      actor,
      details: { ...one, because },
    })),
  );
}
