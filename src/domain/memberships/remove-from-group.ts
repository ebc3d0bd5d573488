import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import type { Tie } from './group-members.ts';
import { saveMembers } from './save-members.ts';

/**
 * Takes a member out of a group and ends their sessions: apps learn of the loss at once (invariant 4).
 * @returns whether the member was in the group (directly) before
 * @throws NotFoundError when the group or the member is not of this community
 */
export async function removeFromGroup(
  tx: Transaction,
  communityId: string,
  { groupId, subject }: Tie,
  actor: Actor,
): Promise<boolean> {
  const place = { id: communityId, issuerUrl: undefined };
  const change = { subject, groups: { remove: [groupId] } };
  const [saved] = await saveMembers(tx, place, [change], actor);
  return saved?.removed.length === 1;
}
