import type { Queryable } from '../../platform/database/database.ts';
import type { Community } from '../communities/community.ts';
import { reasonNow } from '../membership-standing.ts';
import { findContacts } from './contact-store.ts';
import type { Member } from './member.ts';

type ClosedStatus = Exclude<Member['status'], 'active'>;
/** Why nobody signs in with a membership; `ended`: its time is over; `refused`: it was over before it had begun. */
export type ClosedReason = ClosedStatus | 'ended' | 'refused';

/**
 * Where a membership stands that lets nobody sign in; undefined when it does. Whoever asked for their account to be deleted may, to
 * say whether it stays.
 */
export function closedStatus({
  status,
  statusReason,
}: Pick<Member, 'status' | 'statusReason'>): ClosedStatus | undefined {
  return status === 'active' || statusReason === 'deletion' ? undefined : status;
}

export type ClosedMembership = { subject: string; status: ClosedStatus };

/** Why it is closed, as its member is told. */
export async function whyClosed(
  db: Queryable,
  communityId: string,
  { subject, status }: ClosedMembership,
): Promise<ClosedReason> {
  if (status === 'suspended') return (await hasEnded(db, communityId, subject)) ? 'ended' : status;
  if (status !== 'left') return status;
  const [last] = await db.query<{ type: string }>(
    `SELECT type FROM events WHERE community_id = $1 AND subject = $2
       AND type IN ('member.refused', 'member.left') ORDER BY id DESC LIMIT 1`,
    [communityId, subject],
  );
  return last?.type === 'member.refused' ? 'refused' : 'left';
}

async function hasEnded(db: Queryable, communityId: string, subject: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM memberships m WHERE community_id = $1 AND subject = $2 AND ${reasonNow('m')} = 'ended'`,
    [communityId, subject],
  );
  return rows.length > 0;
}

export type Contact = { displayName?: string | undefined; email?: string | undefined };

/**
 * Whom somebody asks about a closed membership: at the community's address, else its admins, who are named to
 * members only: anybody may ask to be one.
 */
export async function whomToAsk(
  db: Queryable,
  { id, contactEmail }: Pick<Community, 'id' | 'contactEmail'>,
  reason: ClosedReason,
): Promise<Contact[]> {
  if (contactEmail !== null) return [{ email: contactEmail }];
  return reason === 'suspended' || reason === 'ended' ? findContacts(db, id) : [];
}
