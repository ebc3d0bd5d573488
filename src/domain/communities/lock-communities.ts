import type { Transaction } from '../../platform/database/database.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import type { Community } from './community.ts';

export type LockedCommunity = Pick<Community, 'id' | 'slug' | 'state'>;

/**
 * Whoever gives what one community alone can have (a slug, an LDAP base, a host, POSIX numbers) takes turns,
 * until the transaction ends. It comes before any lock of a community.
 */
export async function lockHubNames(tx: Transaction): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('hub-names', 0))`);
}

/**
 * Changes of a community's settings and services take turns, until the transaction ends.
 * @throws NotFoundError when there is none of that id
 * @throws RefusedError `state` when it has moved to another hub: what is left here changes no more
 */
export async function lockCommunity(tx: Transaction, id: string): Promise<LockedCommunity> {
  const [community] = await tx.query<LockedCommunity>(
    'SELECT id, slug, state FROM communities WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  if (community === undefined) throw new NotFoundError('community');
  if (community.state === 'moved') {
    throw new RefusedError('state', `"${community.slug}" ${MOVED}`);
  }
  return community;
}

export const MOVED = 'has moved to another hub, and is no longer changed on this one';
