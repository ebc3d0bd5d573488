import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { lockMembership } from '../memberships/membership-store.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { endServiceSessions } from './end-service-sessions.ts';
import type { AccountState } from './service-store.ts';

type Place = {
  serviceId: string;
  subject: string;
  /** Where the link of the answer leads; undefined when whoever decides tells the member themselves. */
  issuerUrl: string | undefined;
};

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
  { serviceId, subject, issuerUrl }: Place,
  actor: Actor,
  state: Extract<AccountState, 'active' | 'blocked'>,
): Promise<boolean> {
  if ((await lockMembership(tx, communityId, subject)) === undefined) {
    throw new NotFoundError('member');
  }
  const [service] = await tx.query<{ name: string }>(
    'SELECT name FROM services WHERE community_id = $1 AND id = $2 FOR KEY SHARE',
    [communityId, serviceId],
  );
  if (service === undefined) throw new NotFoundError('service');
  const before = await tx.query<{ state: AccountState }>(
    'SELECT state FROM accounts WHERE community_id = $1 AND service_id = $2 AND subject = $3 FOR UPDATE',
    [communityId, serviceId, subject],
  );
  const changed = await tx.query(
    `INSERT INTO accounts AS a (community_id, service_id, subject, state) VALUES ($1, $2, $3, $4)
     ON CONFLICT (community_id, service_id, subject) DO UPDATE SET state = $4, updated_at = now()
       WHERE a.state <> $4 RETURNING 1`,
    [communityId, serviceId, subject, state],
  );
  if (changed.length === 0) return false;
  const type = state === 'active' ? 'account.approved' : 'account.blocked';
  await recordEvents(tx, [{ communityId, type, actor, subject, serviceId }]);
  // An answer to those who asked; whoever is shut out without having asked reads it where they want in.
  if (before[0]?.state === 'requested' && issuerUrl !== undefined) {
    const template = state === 'active' ? 'access-approved' : 'access-refused';
    const data = { service: service.name };
    await notifyMember(tx, { communityId, subject, issuerUrl, template, data });
  }
  return true;
}

/**
 * Answers a request for access, once: the first of two admins decides.
 * @returns false when somebody had answered already
 * @throws NotFoundError when the service or the member is not of this community
 */
export async function answerAccessRequest(
  tx: Transaction,
  communityId: string,
  place: Place,
  { admit, actor }: { admit: boolean; actor: Actor },
): Promise<boolean> {
  if ((await lockMembership(tx, communityId, place.subject)) === undefined)
    throw new NotFoundError('member');
  const [waiting] = await tx.query(
    `SELECT 1 FROM accounts WHERE community_id = $1 AND service_id = $2 AND subject = $3
       AND state = 'requested' FOR UPDATE`,
    [communityId, place.serviceId, place.subject],
  );
  if (waiting === undefined) return false;
  const decideOn = admit ? approveAccess : blockAccess;
  return decideOn(tx, communityId, place, actor);
}
