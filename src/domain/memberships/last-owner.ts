import type { Transaction } from '../../platform/database/database.ts';
import { RefusedError } from '../errors.ts';

/**
 * A community never loses its last owner: nobody would be left to look after it. Called before a change
 * that makes a member something else; of two owners who go at once, one is refused.
 * @throws RefusedError `last-owner` when the member is the only active owner
 */
export async function requireAnotherOwner(
  tx: Transaction,
  communityId: string,
  subject: string,
): Promise<void> {
  // The owners take turns, in one order for everybody: the second one sees what the first did.
  const owners = await tx.query<{ subject: string }>(
    `SELECT subject FROM memberships WHERE community_id = $1 AND role = 'owner' AND status = 'active'
     ORDER BY subject FOR NO KEY UPDATE`,
    [communityId],
  );
  if (owners.length === 1 && owners[0]?.subject === subject) {
    throw new RefusedError(
      'last-owner',
      'this is the only owner of the community: make another member an owner first',
    );
  }
}
