import { sqlState, type Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { nameKey } from '../../platform/text/names.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { lockGroupsOfMembers, touchGroups } from '../groups/touch-entries.ts';
import { lockMembership } from './membership-store.ts';
import { requireFreeUsername, requireUsername } from './require-username.ts';

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
  requireUsername(username);
  const groups = await lockGroupsOfMembers(tx, communityId, [subject]);
  const member = await lockMembership(tx, communityId, subject);
  if (member === undefined) throw new NotFoundError('member');
  if (member.username === username) return false;
  await requireFreeUsername(tx, communityId, username, subject);
  try {
    await tx.query(
      `UPDATE memberships SET username = $3, username_key = $4, updated_at = now()
       WHERE community_id = $1 AND subject = $2`,
      [communityId, subject, username, nameKey(username)],
    );
  } catch (error) {
    // Somebody else took it in the same instant.
    if (sqlState(error) === '23505') {
      throw new RefusedError('username-taken', `another member has the username "${username}"`);
    }
    throw error;
  }
  await touchGroups(tx, communityId, groups);
  const details = { from: member.username, to: username };
  await recordEvents(tx, [{ communityId, type: 'member.renamed', actor, subject, details }]);
  return true;
}
