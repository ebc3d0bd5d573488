import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import { isActive, roleNow } from '../membership-standing.ts';
import type { Role } from '../memberships/membership-store.ts';
import { mayInviteAs, mayInviteInto } from '../memberships/policy.ts';

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
 * @throws RefusedError `invitation-role` when such invitations are not theirs to make or end
 */
export async function checkInviter(
  tx: Transaction,
  communityId: string,
  by: Inviter,
  wish: { role: Role; groupIds: readonly string[] },
): Promise<void> {
  const voucher = voucherOf(by);
  if (voucher === undefined || (await mayInvite(tx, communityId, voucher, wish))) return;
  throw new RefusedError(
    'invitation-role',
    `only an owner makes and ends invitations as ${wish.role}, and a manager those into their groups`,
  );
}

async function mayInvite(
  tx: Transaction,
  communityId: string,
  { subject, role: own }: { subject: string; role: Role },
  wish: { role: Role; groupIds: readonly string[] },
): Promise<boolean> {
  const [inviter] = await tx.query<{ role: Role }>(
    `SELECT ${roleNow('m')} AS role FROM memberships m
     WHERE community_id = $1 AND subject = $2 AND ${isActive('m')} FOR SHARE`,
    [communityId, subject],
  );
  if (inviter === undefined) return false;
  if (mayInviteAs(own, wish.role) && mayInviteAs(inviter.role, wish.role)) return true;
  const managed = await tx.query<{ id: string }>(
    `SELECT group_id AS id FROM group_managers
     WHERE community_id = $1 AND subject = $2 AND group_id = ANY($3::uuid[]) FOR SHARE`,
    [communityId, subject, wish.groupIds],
  );
  return mayInviteInto(new Set(managed.map(({ id }) => id)), wish);
}
