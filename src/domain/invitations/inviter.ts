import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import { isActive, roleNow } from '../membership-standing.ts';
import type { Role } from '../memberships/membership-store.ts';
import { mayInviteAs } from '../memberships/policy.ts';

/** Who makes or ends invitations: a member, within what they have, or the operator at the command line. */
export type Inviter = { subject: string; role: Role } | 'cli';

export function actorOf(by: Inviter): Actor {
  return by === 'cli' ? 'cli' : `member:${by.subject}`;
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
  if (by === 'cli' || (await mayInvite(tx, communityId, by, role))) return;
  throw new RefusedError('invitation-role', `only an owner makes and ends invitations as ${role}`);
}

async function mayInvite(
  tx: Transaction,
  communityId: string,
  { subject, role: own }: Exclude<Inviter, 'cli'>,
  role: Role,
): Promise<boolean> {
  if (!mayInviteAs(own, role)) return false;
  const [inviter] = await tx.query<{ role: Role }>(
    `SELECT ${roleNow('m')} AS role FROM memberships m
     WHERE community_id = $1 AND subject = $2 AND ${isActive('m')} FOR SHARE`,
    [communityId, subject],
  );
  return inviter !== undefined && mayInviteAs(inviter.role, role);
}
