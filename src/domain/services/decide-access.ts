import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { lockMembership } from '../memberships/membership-store.ts';
import { endServiceSessions } from './end-service-sessions.ts';
import type { AccountState } from './service-store.ts';

type Place = { serviceId: string; subject: string };

/**
 * Lets a member in to a service: answers a request, lifts a block, or comes before any request.
 * @returns whether that changed anything
 * @throws NotFoundError when the service or the member is not of this community
 */
export function approveAccess(
  tx: Transaction,
  communityId: string,
  place: Place,
  actor: Actor,
): Promise<boolean> {
  return decide(tx, communityId, place, actor, 'active');
}

/**
 * Keeps a member out of a service, whatever its access rule says, and ends what they have there
 * (invariant 4); also the answer "no" to a request.
 * @returns whether that changed anything
 * @throws NotFoundError when the service or the member is not of this community
 */
export async function blockAccess(
  tx: Transaction,
  communityId: string,
  place: Place,
  actor: Actor,
): Promise<boolean> {
  const changed = await decide(tx, communityId, place, actor, 'blocked');
  if (changed) await endServiceSessions(tx, communityId, place.serviceId, place.subject);
  return changed;
}

async function decide(
  tx: Transaction,
  communityId: string,
  { serviceId, subject }: Place,
  actor: Actor,
  state: Extract<AccountState, 'active' | 'blocked'>,
): Promise<boolean> {
  if ((await lockMembership(tx, communityId, subject)) === undefined) {
    throw new NotFoundError('member');
  }
  const [service] = await tx.query(
    'SELECT 1 FROM services WHERE community_id = $1 AND id = $2 FOR KEY SHARE',
    [communityId, serviceId],
  );
  if (service === undefined) throw new NotFoundError('service');
  const changed = await tx.query(
    `INSERT INTO accounts AS a (community_id, service_id, subject, state) VALUES ($1, $2, $3, $4)
     ON CONFLICT (community_id, service_id, subject) DO UPDATE SET state = $4, updated_at = now()
       WHERE a.state <> $4 RETURNING 1`,
    [communityId, serviceId, subject, state],
  );
  if (changed.length === 0) return false;
  const type = state === 'active' ? 'account.approved' : 'account.blocked';
  await recordEvents(tx, [{ communityId, type, actor, subject, serviceId }]);
  return true;
}
