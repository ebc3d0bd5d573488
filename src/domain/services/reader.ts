import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import { lockCommunity } from '../communities/lock-communities.ts';
import { NotFoundError } from '../errors.ts';
import { readerEvent } from './service-events.ts';
import { storeReaders } from './service-rows.ts';

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
  const before = await lockReader(tx, communityId, serviceId);
  await changeReader(tx, communityId, { id: serviceId, before, reader: secretHash }, actor);
  return before === null;
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
  const before = await lockReader(tx, communityId, serviceId);
  await changeReader(tx, communityId, { id: serviceId, before, reader: null }, actor);
  return before !== null;
}

type ReaderChange = { id: string; before: string | null; reader: string | null };

async function changeReader(
  tx: Transaction,
  communityId: string,
  change: ReaderChange,
  actor: Actor,
): Promise<void> {
  const type = readerEvent(change.before, change.reader);
  if (type === undefined) return;
  await storeReaders(tx, communityId, [change]);
  await recordEvents(tx, [{ communityId, type, actor, serviceId: change.id }]);
}

/** Changes of one service's reader take turns. */
async function lockReader(tx: Transaction, communityId: string, id: string) {
  await lockCommunity(tx, communityId);
  const [service] = await tx.query<{ hash: string | null }>(
    `SELECT r.password_hash AS hash FROM services s
     LEFT JOIN service_readers r ON r.community_id = s.community_id AND r.service_id = s.id
     WHERE s.community_id = $1 AND s.id = $2 FOR NO KEY UPDATE OF s`,
    [communityId, id],
  );
  if (service === undefined) throw new NotFoundError('service');
  return service.hash;
}
