import { sqlState, type Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import { saveMembers } from './save-members.ts';

/**
 * Gives a member another username. The subject stays (invariant 2): apps keep the account.
 * @returns whether that changed anything
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError when the username is malformed, reserved or taken
 */
export async function renameMember(
  tx: Transaction,
  communityId: string,
  subject: string,
  username: string,
  actor: Actor,
): Promise<boolean> {
  const place = { id: communityId, issuerUrl: undefined };
  try {
    const [saved] = await saveMembers(tx, place, [{ subject, username }], actor);
    return saved?.changed.length !== 0;
  } catch (error) {
    // Somebody else took it in the same instant.
    if (sqlState(error) === '23505') {
      throw new RefusedError('username-taken', `another member has the username "${username}"`);
    }
    throw error;
  }
}
