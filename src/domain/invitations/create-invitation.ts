import { randomUUID } from 'node:crypto';
import { sqlState, type Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';
import { wholeNumberFault } from '../../platform/text/text-faults.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { displayNameFault, tidyName } from '../memberships/display-name.ts';
import type { Role } from '../memberships/membership-store.ts';
import { INVITATION_DAYS, INVITATION_USES, invitationContext } from './invitation.ts';
import { actorOf, checkInviter, type Inviter, voucherOf } from './inviter.ts';

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

/**
 * Makes an invitation.
 * @returns its id, and the token that its link ends in
 * @throws RefusedError `invitation-role` when the inviter may not give that role, nor those groups alone
 * @throws RefusedError `value` when it is out of bounds
 * @throws NotFoundError when a group is not of this community
 */
export async function createInvitation(
  tx: Transaction,
  sealer: Sealer,
  communityId: string,
  invitation: NewInvitation,
  by: Inviter,
): Promise<{ id: string; token: string }> {
  const { role, groupIds, maxUses, days, email } = invitation;
  const label = tidyName(invitation.label);
  checkValues(label, invitation);
  await checkInviter(tx, communityId, by, { role, groupIds });
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
      voucherOf(by)?.subject ?? null,
      days,
    ],
  );
  await addGroups(tx, communityId, id, groupIds);
  await recordEvents(tx, [
    {
      communityId,
      type: 'invitation.created',
      actor: actorOf(by),
      details: { invitation: id, label, role, maxUses, days },
    },
  ]);
  return { id, token };
}

function checkValues(label: string, { maxUses, days }: NewInvitation): void {
  const uses = maxUses === null ? undefined : wholeNumberFault(maxUses, INVITATION_USES);
  const faults = [
    displayNameFault(label) && 'the label must have 1 to 100 characters, all of them visible',
    uses && `the number of uses ${uses}`,
    wholeNumberFault(days, INVITATION_DAYS) &&
      `the number of days ${wholeNumberFault(days, INVITATION_DAYS)}`,
  ];
  const fault = faults.find(Boolean);
  if (fault !== undefined) throw new RefusedError('value', fault);
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
