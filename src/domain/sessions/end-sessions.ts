import type { Transaction } from '../../platform/database/database.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { ACR_MULTI_FACTOR } from './authentication.ts';

type SessionRow = {
  issuer: string;
  subject: string;
  clients: { clientId: string; sid: string }[];
};

/** The services that a session was part of, as back-channel logout names them. */
const CLIENTS = `COALESCE((
  SELECT jsonb_agg(jsonb_build_object('clientId', a.key, 'sid', a.value ->> 'sid'))
  FROM jsonb_each(COALESCE(payload -> 'authorizations', '{}')) AS a
  WHERE a.value ->> 'sid' IS NOT NULL), '[]')`;

/** Hashes of the grants that a session's services have from it. */
const GRANTS = `ARRAY(SELECT sha256(convert_to(a.value ->> 'grantId', 'UTF8'))
  FROM jsonb_each(COALESCE(payload -> 'authorizations', '{}')) AS a WHERE a.value ->> 'grantId' IS NOT NULL)`;

/**
 * Ends every session, grant, code and token of members and their sign-ins on the way, and queues the back-channel logouts of the
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
     RETURNING issuer, subject, ${CLIENTS} AS clients`,
    [communityId, subjects],
  );
  await tx.query(
    `DELETE FROM oidc_artifacts WHERE community_id = $1 AND subject = ANY($2::uuid[])`,
    [communityId, subjects],
  );
  await endPendingSignIns(tx, communityId, subjects);
  await queueLogouts(tx, communityId, sessions);
  return sessions.length;
}

/**
 * Ends one session of a member's, with the codes, tokens and grants that came of it, and queues the
 * back-channel logouts of the services that it was part of.
 * @param uid not a secret: the name that tokens have for the session
 * @returns whether the member had it
 */
export async function endSession(
  tx: Transaction,
  communityId: string,
  subject: string,
  uid: string,
): Promise<boolean> {
  const sessions = await tx.query<SessionRow & { grants: Buffer[] }>(
    `DELETE FROM sessions WHERE community_id = $1 AND subject = $2 AND uid = $3
     RETURNING issuer, subject, ${CLIENTS} AS clients, ${GRANTS} AS grants`,
    [communityId, subject, uid],
  );
  if (sessions.length === 0) return false;
  await tx.query(
    `DELETE FROM oidc_artifacts WHERE community_id = $1 AND subject = $2
     AND (session_uid = $3 OR payload #>> '{session,uid}' = $3 OR grant_id_hash = ANY($4::bytea[])
       OR (kind = 'Grant' AND id_hash = ANY($4::bytea[])))`,
    [communityId, subject, uid, sessions.flatMap(({ grants }) => grants)],
  );
  await queueLogouts(tx, communityId, sessions);
  return true;
}

/**
 * Ends all that a member has open but one session: the others, every code, token and grant that did not come
 * of it, those of sessions that are long over included, and other browsers' sign-ins on the way.
 * @returns the number of sessions ended
 */
export async function endOtherSessions(
  tx: Transaction,
  communityId: string,
  subject: string,
  keptUid: string,
  keptPending?: Buffer,
): Promise<number> {
  const sessions = await tx.query<SessionRow>(
    `DELETE FROM sessions WHERE community_id = $1 AND subject = $2 AND uid <> $3
     RETURNING issuer, subject, ${CLIENTS} AS clients`,
    [communityId, subject, keptUid],
  );
  await tx.query(
    `WITH kept AS (SELECT ${GRANTS} AS grants FROM sessions WHERE community_id = $1 AND uid = $3)
     DELETE FROM oidc_artifacts a WHERE a.community_id = $1 AND a.subject = $2
       AND a.session_uid IS DISTINCT FROM $3 AND a.payload #>> '{session,uid}' IS DISTINCT FROM $3
       AND NOT EXISTS (SELECT 1 FROM kept k WHERE a.id_hash = ANY(k.grants) OR a.grant_id_hash = ANY(k.grants))`,
    [communityId, subject, keptUid],
  );
  await endPendingSignIns(tx, communityId, [subject], keptPending);
  await queueLogouts(tx, communityId, sessions);
  return sessions.length;
}

/**
 * Ends what a member has open by one factor alone: sessions, and what came of them; codes and refresh tokens
 * of sessions that are long over, too. What two factors opened goes on, and so does one session.
 * @returns the number of sessions ended
 */
export async function endOneFactorSessions(
  tx: Transaction,
  communityId: string,
  subject: string,
  keptUid: string | undefined,
): Promise<number> {
  const sessions = await tx.query<SessionRow & { uid: string; grants: Buffer[] }>(
    `DELETE FROM sessions WHERE community_id = $1 AND subject = $2 AND uid IS DISTINCT FROM $3
       AND payload ->> 'acr' IS DISTINCT FROM $4
     RETURNING issuer, subject, uid, ${CLIENTS} AS clients, ${GRANTS} AS grants`,
    [communityId, subject, keptUid ?? null, ACR_MULTI_FACTOR],
  );
  await tx.query(
    `WITH lost AS (SELECT unnest($4::bytea[]) AS hash
         UNION SELECT grant_id_hash FROM oidc_artifacts WHERE community_id = $1 AND subject = $2
           AND kind IN ('AuthorizationCode', 'RefreshToken') AND payload ->> 'acr' IS DISTINCT FROM $5),
       kept AS (SELECT unnest(${GRANTS}) AS hash FROM sessions WHERE community_id = $1 AND subject = $2),
       ending AS (SELECT hash FROM lost WHERE hash IS NOT NULL EXCEPT SELECT hash FROM kept)
     DELETE FROM oidc_artifacts a WHERE a.community_id = $1 AND a.subject = $2
       AND (a.session_uid = ANY($3::text[]) OR a.payload #>> '{session,uid}' = ANY($3::text[])
         OR a.grant_id_hash IN (SELECT hash FROM ending)
         OR (a.kind = 'Grant' AND a.id_hash IN (SELECT hash FROM ending)))`,
    [
      communityId,
      subject,
      sessions.map(({ uid }) => uid),
      sessions.flatMap(({ grants }) => grants),
      ACR_MULTI_FACTOR,
    ],
  );
  await queueLogouts(tx, communityId, sessions);
  return sessions.length;
}

/** Ends sign-ins on their way, those that are at another address of the community for a passkey included. */
async function endPendingSignIns(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
  kept?: Buffer,
): Promise<void> {
  await tx.query(
    `DELETE FROM pending_sign_ins WHERE community_id = $1 AND subject = ANY($2::uuid[])
       AND ($3::bytea IS NULL OR token_hash <> $3)`,
    [communityId, subjects, kept ?? null],
  );
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
