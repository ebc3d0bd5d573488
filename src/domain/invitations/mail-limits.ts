import type { Transaction } from '../../platform/database/database.ts';
import { RefusedError } from '../errors.ts';

/**
 * Invitations that are sent by mail within a day: whoever took over an admin's account must not make the hub
 * a sender of unwanted mail. Links that are handed over do not count.
 */
export const INVITATION_MAILS_A_DAY = { admin: 200, community: 500, hub: 5000 };

/** More invitations were to be sent than may be by now. */
export class InvitationMailsError extends RefusedError {
  override readonly name = 'InvitationMailsError';
  /** When all of these can be sent. */
  readonly possibleAt: Date;
  /** How many can be sent now. */
  readonly left: number;
  constructor(possibleAt: Date, left: number) {
    super('invitation-mails', `these can be sent from ${possibleAt.toISOString()} on`);
    this.possibleAt = possibleAt;
    this.left = left;
  }
}

/**
 * Makes sure that so many may be sent now. Those who send at once take turns until they are stored.
 * @throws InvitationMailsError
 */
export async function requireRoomForMails(
  tx: Transaction,
  { communityId, subject, count }: { communityId: string; subject: string; count: number },
  limits = INVITATION_MAILS_A_DAY,
): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('invitation-mails', 0))`);
  const scopes = [
    { limit: limits.admin, of: 'community_id = $1 AND created_by = $2' },
    { limit: limits.community, of: 'community_id = $1 AND $2::uuid IS NOT NULL' },
    { limit: limits.hub, of: '$1::uuid IS NOT NULL AND $2::uuid IS NOT NULL' },
  ];
  let possibleAt: Date | undefined;
  let left = Number.POSITIVE_INFINITY;
  for (const { limit, of } of scopes) {
    const [row] = await tx.query<{ sent: number; at: Date | null }>(
      // All but the newest that leave room have to be a day old: `at` is when the last of those is.
      `WITH sent AS (SELECT created_at FROM invitations
         WHERE email IS NOT NULL AND created_at > now() - interval '1 day' AND ${of})
       SELECT (SELECT count(*)::int FROM sent) AS sent,
         (SELECT created_at + interval '1 day' FROM sent ORDER BY created_at DESC OFFSET $3 LIMIT 1) AS at`,
      [communityId, subject, Math.max(0, limit - count)],
    );
    left = Math.min(left, Math.max(0, limit - (row?.sent ?? 0)));
    const at = row?.at ?? undefined;
    if (at !== undefined && (possibleAt === undefined || at > possibleAt)) possibleAt = at;
  }
  if (possibleAt !== undefined) throw new InvitationMailsError(possibleAt, left);
}
