import type { Transaction } from '../../platform/database/database.ts';
import type { MemberChange, Place, SavedMember } from './member-change.ts';
import { saveMembers } from './save-members.ts';

/**
 * Changes members by the word of a member who looks after them: an owner, an admin, a group's manager. Whether it is
 * theirs to change (`policy.ts`) is looked at under the change's locks: nobody acts by a role that they lose meanwhile.
 * @throws RefusedChangesError as `saveMembers`; `not-yours` for what they may not, and then nothing is changed
 * @throws NotFoundError when they, a member or a group are not of this community
 */
export function changeMembersAs(
  tx: Transaction,
  place: Place,
  changes: readonly MemberChange[],
  by: string,
): Promise<SavedMember[]> {
  return saveMembers(tx, place, changes, `member:${by}`, by);
}
