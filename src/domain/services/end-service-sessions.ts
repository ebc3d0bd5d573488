import type { Transaction } from '../../platform/database/database.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import type { BackchannelLogout } from '../sessions/backchannel-logout.ts';

/** A member at a service. */
export type ServicePlace = { serviceId: string; subject: string };

/**
 * Ends what a member has at one service: its grants, codes and tokens, and its part of their sessions,
 * with a back-channel logout where it listens. Their sessions at other services go on.
 */
export function endServiceSessions(
  tx: Transaction,
  communityId: string,
  serviceId: string,
  subject: string,
): Promise<void> {
  return endSessionsAtServices(tx, communityId, [{ serviceId, subject }]);
}

const CLIENTS = `SELECT k.client_id, k.backchannel_logout_uri IS NOT NULL AS listens, p.subject
  FROM unnest($2::uuid[], $3::uuid[]) AS p (service_id, subject)
  JOIN service_clients k ON k.community_id = $1 AND k.service_id = p.service_id`;

/** The same for many members, at one service or several. */
export async function endSessionsAtServices(
  tx: Transaction,
  communityId: string,
  places: readonly ServicePlace[],
): Promise<void> {
  if (places.length === 0) return;
  const parameters = [
    communityId,
    places.map(({ serviceId }) => serviceId),
    places.map(({ subject }) => subject),
  ];
  const listening = await tx.query<BackchannelLogout['payload']>(
    `WITH parts AS (
       SELECT s.id_hash, s.issuer, s.subject, c.client_id, c.listens,
         s.payload #>> ARRAY['authorizations', c.client_id, 'sid'] AS sid
       FROM (${CLIENTS}) c JOIN sessions s ON s.community_id = $1 AND s.subject = c.subject
         AND s.payload -> 'authorizations' ? c.client_id
       ORDER BY s.id_hash FOR UPDATE OF s),
     ended AS (
       UPDATE sessions s
       SET payload = jsonb_set(s.payload, '{authorizations}', (s.payload -> 'authorizations') - e.clients)
       FROM (SELECT id_hash, array_agg(client_id) AS clients FROM parts GROUP BY id_hash) e
       WHERE s.community_id = $1 AND s.id_hash = e.id_hash)
     SELECT issuer, client_id AS "clientId", subject, sid FROM parts WHERE listens AND sid IS NOT NULL
     ORDER BY subject, client_id`,
    parameters,
  );
  await tx.query(
    `DELETE FROM oidc_artifacts a USING (${CLIENTS}) c
     WHERE a.community_id = $1 AND a.subject = c.subject AND a.client_id = c.client_id`,
    parameters,
  );
  await enqueue(
    tx,
    listening.map((payload) => ({ kind: 'backchannel-logout' as const, communityId, payload })),
  );
}
