import type { Queryable } from '../../platform/database/database.ts';
import type { Community } from '../communities/community.ts';
import { findContacts } from './contact-store.ts';
import type { Member } from './member.ts';

/** Why nobody signs in with a membership. */
export type ClosedReason = Exclude<Member['status'], 'active'>;

/**
 * Why a membership lets nobody sign in; undefined when it does. Whoever asked for their account to be deleted may, to
 * say whether it stays.
 */
export function whyClosed({
  status,
  statusReason,
}: Pick<Member, 'status' | 'statusReason'>): ClosedReason | undefined {
  return status === 'active' || statusReason === 'deletion' ? undefined : status;
}

export type Contact = { displayName?: string | undefined; email?: string | undefined };

/**
 * Whom somebody asks about a closed membership: at the community's address, else its admins, who are not named
 * to whoever has never been a member.
 */
export async function whomToAsk(
  db: Queryable,
  { id, contactEmail }: Pick<Community, 'id' | 'contactEmail'>,
  reason: ClosedReason,
): Promise<Contact[]> {
  if (contactEmail !== null) return [{ email: contactEmail }];
  return reason === 'requested' ? [] : findContacts(db, id);
}
