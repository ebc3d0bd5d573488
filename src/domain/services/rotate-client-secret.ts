import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import { clientSecretContext } from '../communities/community.ts';
import { lockCommunity } from '../communities/lock-communities.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { serviceEvents } from './service-events.ts';
import { lockServices, storeClients } from './service-rows.ts';

/** A secret of 256 random bits for a client. */
export function generateClientSecret(): string {
  return newToken();
}

/**
 * Gives a service's client a new secret; the old one ceases to work at once.
 * @returns the secret, which is kept sealed and shown nowhere else
 * @throws NotFoundError when the service is not of this community
 * @throws RefusedError `no-secret` when the service has no client, or a public one
 */
export async function rotateClientSecret(
  tx: Transaction,
  sealer: Sealer,
  communityId: string,
  serviceId: string,
  actor: Actor,
): Promise<string> {
  await lockCommunity(tx, communityId);
  const service = (await lockServices(tx, communityId)).find(({ id }) => id === serviceId);
  if (service === undefined) throw new NotFoundError('service');
  const { client, slug } = service;
  if (client === null || client.auth === 'none') {
    throw new RefusedError(
      'no-secret',
      client === null
        ? `the service "${slug}" has no OpenID Connect client`
        : `the client of "${slug}" is public: it has no secret`,
    );
  }
  const secret = generateClientSecret();
  // The old one is not opened: a hub that lost the key it was sealed with is helped by a new secret.
  const sealedSecret = sealer.seal(secret, clientSecretContext(communityId, serviceId));
  await storeClients(tx, communityId, [{ id: serviceId, client: { ...client, sealedSecret } }]);
  const fields = ['client.secret'];
  const saved = { before: service, after: service, fields };
  await recordEvents(tx, serviceEvents(communityId, [saved], actor));
  return secret;
}
