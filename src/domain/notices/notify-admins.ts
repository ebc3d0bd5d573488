import type { Transaction } from '../../platform/database/database.ts';
import { isActive, roleNow } from '../membership-standing.ts';
import type { MailData, MailTemplate } from './mail.ts';
import { notifyMember } from './notify-member.ts';

/** Writes to every admin and owner of a community who is active, each in their language. */
export async function notifyAdmins(
  tx: Transaction,
  notice: { communityId: string; issuerUrl: string; template: MailTemplate; data?: MailData },
): Promise<void> {
  const admins = await tx.query<{ subject: string }>(
    `SELECT subject FROM memberships m
     WHERE community_id = $1 AND ${isActive('m')} AND ${roleNow('m')} <> 'member' ORDER BY subject`,
    [notice.communityId],
  );
  for (const { subject } of admins) await notifyMember(tx, { ...notice, subject });
}
