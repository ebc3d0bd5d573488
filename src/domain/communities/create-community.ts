import { sqlState, type Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import type { Community } from './community.ts';
import { type SavedCommunity, saveCommunities } from './save-communities.ts';

export type NewCommunity = Pick<Community, 'slug' | 'name'> &
  Partial<Pick<Community, 'locale' | 'registration'>> & {
    contactEmail?: string;
    /** Naming context of its LDAP tree; `o=SLUG` by default. */
    ldapBase?: string;
  };

/**
 * Makes a community, active and empty. Its signing keys come with the first use.
 * @returns its id
 * @throws RefusedError when a value is malformed, the slug is taken, or the LDAP base is that of another
 *   community, inside it or around it
 */
export async function createCommunity(
  tx: Transaction,
  { contactEmail, ...community }: NewCommunity,
  actor: Actor,
): Promise<string> {
  try {
    const change = { ...community, contact: contactEmail, must: 'be-new' } as const;
    const [saved] = await saveCommunities(tx, [change], actor);
    return (saved as SavedCommunity).after.id;
  } catch (error) {
    // A writer that does not take turns with us took it in the same instant.
    if (sqlState(error) !== '23505') throw error;
    throw new RefusedError('slug-taken', `there is a community "${community.slug}" already`);
  }
}
