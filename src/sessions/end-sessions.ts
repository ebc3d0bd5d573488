import type { Transaction } from '../database/database.ts';
import { enqueue } from '../outbox/outbox.ts';

type SessionRow = {
  issuer: string;
  subject: string;
  clients: { clientId: string; sid: string }[];
};

/**
 * Ends every session, grant, code and token of members, and queues the back-channel logouts of the
 * services they were signed in to: what suspension, a changed password or a lost group must do
 * (invariant 4). Subjects of another community are not touched.
 * @returns the number of sessions ended
 */
export async function endMemberSessions(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
): Promise<number> {
  if (subjects.length === 0) return 0;
  const sessions = await tx.query<SessionRow>(
    `DELETE FROM sessions WHERE community_id = $1 AND subject = ANY($2::uuid[])
     RETURNING issuer, subject, COALESCE((
       SELECT jsonb_agg(jsonb_build_object('clientId', a.key, 'sid', a.value ->> 'sid'))
       FROM jsonb_each(COALESCE(payload -> 'authorizations', '{}')) AS a
       WHERE a.value ->> 'sid' IS NOT NULL), '[]') AS clients`,
    [communityId, subjects],
  );
  await tx.query(
    `DELETE FROM oidc_artifacts WHERE community_id = $1 AND subject = ANY($2::uuid[])`,
    [communityId, subjects],
  );
  await queueLogouts(tx, communityId, sessions);
  return sessions.length;
}

/** Queues one logout a client that was signed in to and has an address to be told at. */
async function queueLogouts(
  tx: Transaction,
  communityId: string,
  sessions: readonly SessionRow[],
): Promise<void> {
  if (sessions.length === 0) return;
  const told = await tx.query<{ client_id: string }>(
    `SELECT client_id FROM service_clients WHERE community_id = $1 AND backchannel_logout_uri IS NOT NULL`,
    [communityId],
  );
  const listening = new Set(told.map((row) => row.client_id));
  await enqueue(
    tx,
    sessions.flatMap(({ issuer, subject, clients }) =>
      clients
        .filter(({ clientId }) => listening.has(clientId))
        .map(({ clientId, sid }) => ({
          kind: 'backchannel-logout' as const,
          communityId,
          payload: { issuer, clientId, subject, sid },
        })),
    ),
  );
}
