import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { saveMembers } from './save-members.ts';
import type { StatusChange } from './status-change.ts';

/**
 * Suspends, resumes, admits or refuses a member, or lets them leave or return. What takes access away ends all
 * sessions and tokens in the same transaction (invariant 4). Whoever asked to join is told of the decision by
 * `decideRequest`.
 * @returns whether that changed anything: false when the member is there already
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `last-owner` when the community would have no owner any more; `state` when the membership cannot go there from where it is, or `posix-exhausted`
 */
export async function setMemberStatus(
  tx: Transaction,
  communityId: string,
  subject: string,
  statusChange: StatusChange,
  actor: Actor,
): Promise<boolean> {
  const place = { id: communityId, issuerUrl: undefined };
  const [saved] = await saveMembers(tx, place, [{ subject, statusChange }], actor);
  return saved?.changed.length !== 0;
}
