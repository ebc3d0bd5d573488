import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { tokenHash } from '../../platform/secrets/token-hash.ts';
import { VOUCHED } from '../memberships/end-invitations.ts';
import type { Role } from '../memberships/membership-store.ts';

/** What an invitation gives to whoever uses it. */
export type Given = { id: string; label: string; role: Role; groupIds: string[] };

/**
 * Counts one use of an invitation, in the transaction that makes the member: when that fails, the use
 * is not lost. Those who come at once take turns at its row, so that it is never used more often than it
 * may be.
 * @returns undefined when it is revoked, used up, expired, another community's, or no longer vouched for
 */
export async function useInvitation(
  tx: Transaction,
  communityId: string,
  token: string,
): Promise<Given | undefined> {
  const [used] = await tx.query<Omit<Given, 'groupIds'>>(
    `UPDATE invitations i SET uses = i.uses + 1
     WHERE i.community_id = $1 AND i.token_hash = $2 AND i.revoked_at IS NULL AND i.expires_at > now()
       AND (i.max_uses IS NULL OR i.uses < i.max_uses) AND ${VOUCHED}
     RETURNING i.id, i.label, i.role`,
    [communityId, tokenHash(token)],
  );
  if (used === undefined) return undefined;
  const groups = await tx.query<{ id: string }>(
    'SELECT group_id AS id FROM invitation_groups WHERE community_id = $1 AND invitation_id = $2',
    [communityId, used.id],
  );
  return { ...used, groupIds: groups.map(({ id }) => id) };
}

/** Notes who came in by the invitation. */
export async function recordUse(
  tx: Transaction,
  communityId: string,
  { id, label }: Given,
  subject: string,
): Promise<void> {
  await tx.query(
    'INSERT INTO invitation_uses (community_id, invitation_id, subject) VALUES ($1, $2, $3)',
    [communityId, id, subject],
  );
  await recordEvents(tx, [
    {
      communityId,
      type: 'invitation.used',
      actor: `member:${subject}`,
      subject,
      details: { invitation: id, label },
    },
  ]);
}
