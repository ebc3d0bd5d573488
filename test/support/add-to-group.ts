import { saveMembers } from '../../src/domain/memberships/save-members.ts';
import type { Transaction } from '../../src/platform/database/database.ts';
import type { Actor } from '../../src/platform/events/record-event.ts';

/** @returns whether the member was not in the group before */
export async function addToGroup(
  tx: Transaction,
  communityId: string,
  { groupId, subject }: { groupId: string; subject: string },
  actor: Actor,
): Promise<boolean> {
  const place = { id: communityId, issuerUrl: undefined };
  const change = { subject, groups: { add: [groupId] } };
  const [saved] = await saveMembers(tx, place, [change], actor);
  return saved?.added.length === 1;
}
