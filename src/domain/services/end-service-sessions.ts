import type { Transaction } from '../../platform/database/database.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';

/**
 * Ends what a member has at one service: its grants, codes and tokens, and its part of their sessions,
 * with a back-channel logout where it listens. Their sessions at other services go on.
 */
export async function endServiceSessions(
  tx: Transaction,
  communityId: string,
  serviceId: string,
  subject: string,
): Promise<void> {
  const [client] = await tx.query<{ clientId: string; listens: boolean }>(
    `SELECT client_id AS "clientId", backchannel_logout_uri IS NOT NULL AS listens
     FROM service_clients WHERE community_id = $1 AND service_id = $2`,
    [communityId, serviceId],
  );
  if (client === undefined) return;
  const { clientId, listens } = client;
  const ended = await tx.query<{ issuer: string; sid: string | null }>(
    `WITH before AS (
       SELECT id_hash, payload #>> ARRAY['authorizations', $3, 'sid'] AS sid FROM sessions
       WHERE community_id = $1 AND subject = $2 AND payload -> 'authorizations' ? $3 FOR UPDATE)
     UPDATE sessions s SET payload = s.payload #- ARRAY['authorizations', $3]
     FROM before b WHERE s.community_id = $1 AND s.id_hash = b.id_hash RETURNING s.issuer, b.sid`,
    [communityId, subject, clientId],
  );
  await tx.query(
    'DELETE FROM oidc_artifacts WHERE community_id = $1 AND subject = $2 AND client_id = $3',
    [communityId, subject, clientId],
  );
  if (!listens) return;
  await enqueue(
    tx,
    ended.flatMap(({ issuer, sid }) =>
      sid === null
        ? []
        : [
            {
              kind: 'backchannel-logout' as const,
              communityId,
              payload: { issuer, clientId, subject, sid },
            },
          ],
    ),
  );
}
