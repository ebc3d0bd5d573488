import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import { NotFoundError } from '../errors.ts';

/** A secret of 256 random bits for a service's LDAP reader. */
export function generateReaderSecret(): string {
  return newToken();
}

/**
 * Gives a service's LDAP reader (`cn=SERVICE,ou=services,BASE`) a new secret, and a service without one
 * its reader. The old secret ceases to work at once, on open connections, too.
 * @param secretHash from `hashPassword`, made before the transaction began
 * @returns whether the service had no reader before
 * @throws NotFoundError when the service is not of this community
 */
export async function setReaderSecret(
  tx: Transaction,
  communityId: string,
  serviceId: string,
  secretHash: string,
  actor: Actor,
): Promise<boolean> {
  await lockService(tx, communityId, serviceId);
  const [row] = await tx.query<{ isNew: boolean }>(
    `INSERT INTO service_readers (community_id, service_id, password_hash) VALUES ($1, $2, $3)
     ON CONFLICT (community_id, service_id) DO UPDATE SET password_hash = EXCLUDED.password_hash
     RETURNING xmax = 0 AS "isNew"`,
    [communityId, serviceId, secretHash],
  );
  const isNew = row?.isNew === true;
  const type = isNew ? 'service.reader-created' : 'service.reader-secret-changed';
  await recordEvents(tx, [{ communityId, type, actor, serviceId }]);
  return isNew;
}

/**
 * Takes a service's LDAP reader away: its app can no longer bind, nor search on what it has open.
 * @returns whether there was one
 * @throws NotFoundError when the service is not of this community
 */
export async function removeReader(
  tx: Transaction,
  communityId: string,
  serviceId: string,
  actor: Actor,
): Promise<boolean> {
  await lockService(tx, communityId, serviceId);
  const removed = await tx.query(
    'DELETE FROM service_readers WHERE community_id = $1 AND service_id = $2 RETURNING 1',
    [communityId, serviceId],
  );
  if (removed.length === 0) return false;
  await recordEvents(tx, [{ communityId, type: 'service.reader-removed', actor, serviceId }]);
  return true;
}

/** Changes of one service's reader take turns. */
async function lockService(tx: Transaction, communityId: string, id: string): Promise<void> {
  const [service] = await tx.query(
    'SELECT 1 FROM services WHERE community_id = $1 AND id = $2 FOR NO KEY UPDATE',
    [communityId, id],
  );
  if (service === undefined) throw new NotFoundError('service');
}
