import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import { clientSecretContext } from '../communities/community.ts';
import { NotFoundError, RefusedError } from '../errors.ts';

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
  const [service] = await tx.query<{ slug: string; auth: string | null }>(
    `SELECT s.slug, k.token_endpoint_auth_method AS auth FROM services s
     LEFT JOIN service_clients k ON k.community_id = s.community_id AND k.service_id = s.id
     WHERE s.community_id = $1 AND s.id = $2 FOR NO KEY UPDATE OF s`,
    [communityId, serviceId],
  );
  if (service === undefined) throw new NotFoundError('service');
  if (service.auth === null || service.auth === 'none') {
    throw new RefusedError(
      'no-secret',
      service.auth === null
        ? `the service "${service.slug}" has no OpenID Connect client`
        : `the client of "${service.slug}" is public: it has no secret`,
    );
  }
  const secret = newToken();
  await tx.query(
    'UPDATE service_clients SET sealed_secret = $3 WHERE community_id = $1 AND service_id = $2',
    [communityId, serviceId, sealer.seal(secret, clientSecretContext(communityId, serviceId))],
  );
  await recordEvents(tx, [{ communityId, type: 'service.secret-rotated', actor, serviceId }]);
  return secret;
}
