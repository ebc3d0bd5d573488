import { MEMBER_JSON, type Member } from '../../domain/memberships/member.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { tokenHash } from '../../platform/secrets/token-hash.ts';
import type { ConsentWrite, Payload } from './changes.ts';

/** A stored row with what the protocol asks for next; null where there is none, undefined where not read. */
export type StoredRead = {
  payload: Payload;
  grant?: Payload | null;
  session?: Payload | null;
  sessionUid?: string | null;
  subject?: string | null;
  member?: Member | null;
};

/** A session, by the value of its cookie, with its member. */
export async function readSession(
  db: Queryable,
  communityId: string,
  id: string,
): Promise<StoredRead | undefined> {
  const [row] = await db.query<StoredRead>(
    `SELECT s.payload, s.subject, ${MEMBER_JSON} AS member FROM sessions s
     LEFT JOIN memberships m ON m.community_id = s.community_id AND m.subject = s.subject
     WHERE s.community_id = $1 AND s.id_hash = $2 AND s.expires_at > now()`,
    [communityId, tokenHash(id)],
    'read-session',
  );
  if (row === undefined) return undefined;
  row.payload.jti = id;
  return row;
}

/** The payload of a session, by the uid that codes and tokens name. */
export async function readSessionByUid(
  db: Queryable,
  communityId: string,
  uid: string,
): Promise<Payload | undefined> {
  const [row] = await db.query<{ payload: Payload }>(
    'SELECT payload FROM sessions WHERE community_id = $1 AND uid = $2 AND expires_at > now()',
    [communityId, uid],
    'read-session-by-uid',
  );
  return row?.payload;
}

/** A code, token, grant or interaction by its value, with its grant, session and member. */
export async function readArtifact(
  db: Queryable,
  communityId: string,
  kind: string,
  id: string,
): Promise<StoredRead | undefined> {
  const [row] = await db.query<StoredRead & { consumed: number | null }>(
    `SELECT a.payload, floor(extract(epoch FROM a.consumed_at))::int AS consumed, a.subject, a.session_uid AS "sessionUid",
       ${MEMBER_JSON} AS member, g.payload AS grant, s.payload AS session
     FROM oidc_artifacts a
     LEFT JOIN memberships m ON m.community_id = a.community_id AND m.subject = a.subject
     LEFT JOIN oidc_artifacts g ON g.community_id = a.community_id AND g.kind = 'Grant' AND g.id_hash = a.grant_id_hash
     LEFT JOIN sessions s ON s.community_id = a.community_id AND s.uid = a.session_uid AND s.expires_at > now()
     WHERE a.community_id = $1 AND a.kind = $2 AND a.id_hash = $3`,
    [communityId, kind, tokenHash(id)],
    'read-artifact',
  );
  if (row === undefined) return undefined;
  row.payload.jti = id;
  if (row.consumed !== null) row.payload.consumed = row.consumed;
  return row;
}

/** A device code by the code that its user types (RFC 8628 §3.3). */
export async function readByUserCode(
  db: Queryable,
  communityId: string,
  userCode: string,
): Promise<Payload | undefined> {
  const [row] = await db.query<{ payload: Payload; consumed: number | null }>(
    `SELECT payload, floor(extract(epoch FROM consumed_at))::int AS consumed
     FROM oidc_artifacts WHERE community_id = $1 AND user_code_hash = $2`,
    [communityId, tokenHash(userCode)],
  );
  if (row === undefined) return undefined;
  if (row.consumed !== null) row.payload.consumed = row.consumed;
  return row.payload;
}

export async function readMember(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<Member | undefined> {
  const [row] = await db.query<{ member: Member }>(
    `SELECT ${MEMBER_JSON} AS member FROM memberships m WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
    'read-member',
  );
  return row?.member;
}

/** What a member was shown or agreed to give to a service. */
export async function readConsent(
  db: Queryable,
  communityId: string,
  serviceId: string,
  subject: string,
): Promise<ConsentWrite | undefined> {
  const [row] = await db.query<ConsentWrite>(
    `SELECT service_id AS "serviceId", subject, kind, scopes, claims FROM consents
     WHERE community_id = $1 AND service_id = $2 AND subject = $3`,
    [communityId, serviceId, subject],
    'read-consent',
  );
  return row;
}
