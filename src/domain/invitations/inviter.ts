import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import type { Role } from '../memberships/membership-store.ts';
import { mayInviteAs } from './invitation.ts';

/**
 * Who makes or ends invitations: a member, within what they have, or the operator at the command line; either may
 * do it by a token of the API.
 */
export type Inviter = { subject: string; role: Role; token?: string } | { token: string } | 'cli';

export function actorOf(by: Inviter): Actor {
  if (by === 'cli') return 'cli';
  return by.token === undefined ? `member:${voucherOf(by)?.subject}` : `token:${by.token}`;
}

/** The member who vouches for what is made; undefined where it is the operator's word. */
export function voucherOf(by: Inviter): { subject: string; role: Role } | undefined {
  return by !== 'cli' && 'subject' in by ? by : undefined;
}

/**
 * By what the inviter is now: nobody changes that before this transaction is stored, and whoever does so then
 * ends what was made (`endInvitationsOf`).
 * @throws RefusedError `invitation-role` when invitations that give that role are not theirs to make or end
 */
export async function checkInviter(
  tx: Transaction,
  communityId: string,
  by: Inviter,
  role: Role,
): Promise<void> {
  const voucher = voucherOf(by);
  if (voucher === undefined || (await mayInvite(tx, communityId, voucher, role))) return;
  throw new RefusedError('invitation-role', `only an owner makes and ends invitations as ${role}`);
}

async function mayInvite(
  tx: Transaction,
  communityId: string,
  { subject, role: own }: { subject: string; role: Role },
  role: Role,
): Promise<boolean> {
  if (!mayInviteAs(own, role)) return false;
  const [inviter] = await tx.query<{ role: Role }>(
    `SELECT role FROM memberships WHERE community_id = $1 AND subject = $2 AND status = 'active' FOR SHARE`,
    [communityId, subject],
  );
  return inviter !== undefined && mayInviteAs(inviter.role, role);
}
