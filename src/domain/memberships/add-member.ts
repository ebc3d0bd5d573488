import { sqlState, type Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import type { NewMember } from './member-change.ts';
import { saveMembers } from './save-members.ts';

/**
 * Makes a member, with a person of their own unless one is given: an e-mail address never links to a person
 * who is known. The address of a person who is given must be one of theirs.
 * @returns the subject
 * @throws RefusedError when the username or the address is malformed, reserved or taken, or
 *   `posix-exhausted`
 * @throws NotFoundError when the community or a group is not there
 */
export async function addMember(
  tx: Transaction,
  communityId: string,
  member: NewMember,
  actor: Actor,
): Promise<string> {
  const place = { id: communityId, issuerUrl: undefined };
  try {
    const [added] = await saveMembers(tx, place, [member], actor);
    return added?.subject as string;
  } catch (error) {
    // Somebody else took the name or the address in the same instant, or the community is gone.
    if (sqlState(error) === '23505') {
      throw new RefusedError('username-taken', 'the username or the address is taken');
    }
    if (sqlState(error) === '23503') throw new NotFoundError('community');
    throw error;
  }
}
