import type { Transaction } from '../../platform/database/database.ts';
import { nameKey, usernameFault } from '../../platform/text/names.ts';
import { RefusedError } from '../errors.ts';

/** @throws RefusedError when nobody may have that username */
export function requireUsername(username: string): void {
  const fault = usernameFault(username);
  if (fault === 'reserved') {
    throw new RefusedError('username-reserved', `the username "${username}" is reserved`);
  }
  if (fault === 'shape') {
    throw new RefusedError(
      'username-shape',
      `"${username}" is not a username: 1 to 64 letters and digits, with . _ or - between them`,
    );
  }
}

/**
 * @param subject of the member who may have it already
 * @throws RefusedError when another member has it, whatever their status
 */
export async function requireFreeUsername(
  tx: Transaction,
  communityId: string,
  username: string,
  subject?: string,
): Promise<void> {
  const [taken] = await tx.query<{ subject: string }>(
    'SELECT subject FROM memberships WHERE community_id = $1 AND username_key = $2',
    [communityId, nameKey(username)],
  );
  if (taken !== undefined && taken.subject !== subject) {
    throw new RefusedError('username-taken', `another member has the username "${username}"`);
  }
}
