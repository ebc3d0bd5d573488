import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import type { Role } from './membership-store.ts';
import { saveMembers } from './save-members.ts';

/**
 * Sets a member's role, up to a time or for good, and ends their sessions: no app goes on with the old one (invariant 4).
 * @returns whether that changed anything
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `last-owner` when the community would have no owner any more
 */
export async function setMemberRole(
  tx: Transaction,
  communityId: string,
  subject: string,
  role: Role,
  actor: Actor,
  roleUntil?: Date,
): Promise<boolean> {
  const place = { id: communityId, issuerUrl: undefined };
  const [saved] = await saveMembers(tx, place, [{ subject, role, roleUntil }], actor);
  return saved?.changed.length !== 0;
}
