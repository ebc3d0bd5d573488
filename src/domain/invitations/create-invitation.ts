import { randomUUID } from 'node:crypto';
import { sqlState, type Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import type { Role } from '../memberships/membership-store.ts';
import { invitationContext, mayInviteAs } from './invitation.ts';

export type NewInvitation = {
  /** What it is called in the admins' list: 1 to 100 characters. */
  label: string;
  role: Role;
  groupIds: readonly string[];
  /** Null: as many as come. */
  maxUses: number | null;
  days: number;
  email?: string;
};

/** Who invites: a member, who can give no more than they have, or the operator at the command line. */
export type Inviter = { subject: string; role: Role } | 'cli';

/**
 * Makes an invitation.
 * @returns its id, and the token that its link ends in
 * @throws RefusedError `invitation-role` when the inviter may not give that role
 * @throws NotFoundError when a group is not of this community
 */
export async function createInvitation(
  tx: Transaction,
  sealer: Sealer,
  communityId: string,
  invitation: NewInvitation,
  by: Inviter,
): Promise<{ id: string; token: string }> {
  const { label, role, groupIds, maxUses, days, email } = invitation;
  if (by !== 'cli' && !(await mayInvite(tx, communityId, by, role))) {
    throw new RefusedError('invitation-role', `only an owner may invite somebody as ${role}`);
  }
  const id = randomUUID();
  const token = newToken();
  await tx.query(
    `INSERT INTO invitations (community_id, id, token_hash, sealed_token, label, role, email, max_uses,
       created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10 * interval '1 day')`,
    [
      communityId,
      id,
      tokenHash(token),
      sealer.seal(token, invitationContext(communityId, id)),
      label,
      role,
      email ?? null,
      maxUses,
      by === 'cli' ? null : by.subject,
      days,
    ],
  );
  await addGroups(tx, communityId, id, groupIds);
  await recordEvents(tx, [
    {
      communityId,
      type: 'invitation.created',
      actor: by === 'cli' ? 'cli' : `member:${by.subject}`,
      details: { invitation: id, label, role, maxUses, days },
    },
  ]);
  return { id, token };
}

/** By what the inviter is now: nobody changes that before this is stored, and then ends it (`endInvitationsOf`). */
async function mayInvite(
  tx: Transaction,
  communityId: string,
  { subject, role: own }: Exclude<Inviter, 'cli'>,
  role: Role,
): Promise<boolean> {
  if (!mayInviteAs(own, role)) return false;
  const [inviter] = await tx.query<{ role: Role }>(
    `SELECT role FROM memberships WHERE community_id = $1 AND subject = $2 AND status = 'active' FOR SHARE`,
    [communityId, subject],
  );
  return inviter !== undefined && mayInviteAs(inviter.role, role);
}

async function addGroups(
  tx: Transaction,
  communityId: string,
  id: string,
  groupIds: readonly string[],
): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO invitation_groups (community_id, invitation_id, group_id)
       SELECT DISTINCT $1::uuid, $2::uuid, unnest($3::uuid[])`,
      [communityId, id, groupIds],
    );
  } catch (error) {
    if (sqlState(error) === '23503') throw new NotFoundError('group');
    throw error;
  }
}
