import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { isActive } from '../membership-standing.ts';
import { notifyAdmins } from '../notices/notify-admins.ts';
import type { AccountState } from './service-store.ts';

/**
 * Asks that a member be let in to a service on approval. Asking again changes nothing, and neither
 * does asking after a refusal. The admins are written to at the first time.
 * @returns the state of the account after it
 * @throws NotFoundError when the service or the (active) member is not of this community
 * @throws RefusedError when the service takes no requests
 */
export async function requestAccess(
  tx: Transaction,
  { id: communityId, issuerUrl }: { id: string; issuerUrl: string },
  serviceId: string,
  subject: string,
  actor: Actor = `member:${subject}`,
): Promise<AccountState> {
  const [service] = await tx.query<{ access: string; name: string }>(
    'SELECT access, name FROM services WHERE community_id = $1 AND id = $2 FOR KEY SHARE',
    [communityId, serviceId],
  );
  if (service === undefined) throw new NotFoundError('service');
  const [member] = await tx.query<{ displayName: string; username: string }>(
    `SELECT display_name AS "displayName", username FROM memberships m
     WHERE community_id = $1 AND subject = $2 AND ${isActive('m')} FOR KEY SHARE`,
    [communityId, subject],
  );
  if (member === undefined) throw new NotFoundError('member');
  if (service.access !== 'approval') {
    throw new RefusedError('no-approval', 'this service takes no requests for access');
  }
  const [requested] = await tx.query(
    `INSERT INTO accounts AS a (community_id, service_id, subject, state) VALUES ($1, $2, $3, 'requested')
     ON CONFLICT (community_id, service_id, subject) DO UPDATE SET state = 'requested', updated_at = now()
       WHERE a.state = 'removed' RETURNING state`,
    [communityId, serviceId, subject],
  );
  if (requested !== undefined) {
    await recordEvents(tx, [{ communityId, type: 'account.requested', actor, subject, serviceId }]);
    const data = { ...member, service: service.name };
    await notifyAdmins(tx, { communityId, issuerUrl, template: 'access-requested', data });
    return 'requested';
  }
  const [account] = await tx.query<{ state: AccountState }>(
    'SELECT state FROM accounts WHERE community_id = $1 AND service_id = $2 AND subject = $3',
    [communityId, serviceId, subject],
  );
  if (account === undefined) throw new NotFoundError('member');
  return account.state;
}
