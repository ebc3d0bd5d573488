import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type DoneStep,
  forgetOldStepsSql,
  noteDoneStepSql,
} from '../../domain/done-steps/done-step-store.ts';
import { isActive } from '../../domain/membership-standing.ts';
import type { Credential } from '../../domain/sessions/authentication.ts';
import { type Queryable, sqlState } from '../../platform/database/database.ts';
import { type AuditEvent, eventRows, recordEventsSql } from '../../platform/events/record-event.ts';
import { enqueueSql, type OutboxMessage, outboxRows } from '../../platform/outbox/outbox.ts';
import { tokenHash, tokenHashHex } from '../../platform/secrets/token-hash.ts';
import {
  type ArtifactWrite,
  type Changes,
  type ConsentWrite,
  type Payload,
  type SessionUpdate,
  UsedUpError,
} from './changes.ts';
import type { Disclosure } from './disclosure-notes.ts';

/**
 * Stores a request's changes in one statement, hence all of them or none.
 * @throws UsedUpError when a code or token was consumed, an interaction finished or a session ended meanwhile
 */
export async function writeChanges(db: Queryable, changes: Changes): Promise<void> {
  const statement = new Statement(changes.communityId);
  const parts: string[] = [];
  const checks: string[] = [];
  const add = (name: string, sql: string) => parts.push(`${name} AS (${sql})`);
  const require = (what: string, expected: number, count: string) =>
    checks.push(`require_rows('${what}', ${expected}, (${count}))`);

  if (changes.consumed.size > 0) {
    add('used', statement.consume([...changes.consumed.values()]));
    require('code or token', changes.consumed.size, 'SELECT count(*) FROM used');
  }
  if (changes.spent.size > 0) {
    add('spent', statement.destroy([...changes.spent.values()]));
    require('token', changes.spent.size, 'SELECT count(*) FROM spent');
  }
  if (changes.destroyed.size > 0) {
    const destroyed = [...changes.destroyed.values()];
    add('gone', statement.destroy(destroyed));
    const interactions = destroyed.filter(({ kind }) => kind === 'Interaction').length;
    if (interactions > 0)
      require('interaction', interactions, `SELECT count(*) FROM gone WHERE kind = 'Interaction'`);
  }
  if (changes.revokedGrants.size > 0) add('revoked', statement.revoke([...changes.revokedGrants]));
  const artifacts = [...changes.artifacts.values()];
  const replaced = artifacts.filter(({ replaces }) => replaces);
  if (replaced.length < artifacts.length) {
    add('stored', statement.store(artifacts.filter(({ replaces }) => !replaces)));
  }
  if (replaced.length > 0) {
    add('replaced', statement.replace(replaced));
    require('record', replaced.length, 'SELECT count(*) FROM replaced');
  }
  const waiting = [...changes.waiting].filter((uid) => {
    const key = `Interaction:${uid}`;
    return !changes.artifacts.has(key) && !changes.destroyed.has(key);
  });
  if (waiting.length > 0) add('waiting', statement.wait(waiting));
  const closed = [...changes.closedSessions].filter((uid) => !changes.updatedSessions.has(uid));
  if (closed.length > 0) add('closed', statement.close(closed));
  if (changes.openedSessions.size > 0)
    add('opened', statement.open([...changes.openedSessions.values()], changes));
  if (changes.updatedSessions.size > 0) {
    add('updated', statement.update([...changes.updatedSessions.values()]));
    require('session', changes.updatedSessions.size, 'SELECT count(*) FROM updated');
  }
  if (changes.consents.size > 0) add('agreed', statement.agree([...changes.consents.values()]));
  if (changes.disclosures.size > 0)
    add('disclosed', statement.disclose([...changes.disclosures.values()]));
  if (changes.events.length > 0) add('told', statement.tell(changes.events));
  if (changes.messages.length > 0) add('queued', statement.queue(changes.messages));
  if (changes.credential !== undefined) {
    add('stands', statement.stand(changes.credential));
    require('credential', 1, 'SELECT count(*) FROM stands');
  }
  if (changes.pendingSignIn !== undefined) {
    add('arrived', statement.arrive(changes.pendingSignIn));
    require('sign-in', 1, 'SELECT count(*) FROM arrived');
  }
  const { doneStep } = changes;
  if (doneStep !== undefined) {
    add('done', statement.done(doneStep, doneStep.replaced));
    add('forgotten', statement.forgetOld(doneStep));
    require('step', 1, 'SELECT count(*) FROM done');
  }
  if (parts.length === 0) return;

  const sql = `WITH ${parts.join(',\n')}\nSELECT ${['$1::uuid', ...checks].join(', ')}`;
  await run(db, sql, statement);
}

/** Of a request's changes, those of sessions that there are. @throws UsedUpError when one has ended meanwhile */
export async function updateSessions(
  db: Queryable,
  communityId: string,
  sessions: SessionUpdate[],
): Promise<void> {
  if (sessions.length === 0) return;
  const statement = new Statement(communityId);
  const sql = `WITH updated AS (${statement.update(sessions)})
    SELECT $1::uuid, require_rows('session', ${sessions.length}, (SELECT count(*) FROM updated))`;
  await run(db, sql, statement);
}

async function run(db: Queryable, sql: string, { values }: Statement): Promise<void> {
  try {
    await db.query(sql, values, preparedName(sql));
  } catch (error) {
    if (sqlState(error) === 'TR001') throw new UsedUpError((error as Error).message);
    throw error;
  }
}

/** Builds the parts of the statement and gathers their parameters; `$1` is the community. */
class Statement {
  readonly values: unknown[];

  constructor(communityId: string) {
    this.values = [communityId];
  }

  consume(rows: { kind: string; id: string }[]): string {
    return `UPDATE oidc_artifacts SET consumed_at = now()
      WHERE community_id = $1 AND ${this.#isOneOf(rows)} AND consumed_at IS NULL RETURNING 1`;
  }

  destroy(rows: { kind: string; id: string }[]): string {
    return `DELETE FROM oidc_artifacts WHERE community_id = $1 AND ${this.#isOneOf(rows)} RETURNING kind`;
  }

  revoke(grantIds: string[]): string {
    const hashes = this.#param(grantIds.map(tokenHash));
    return `DELETE FROM oidc_artifacts WHERE community_id = $1 AND (grant_id_hash = ANY(${hashes}::bytea[])
      OR (kind = 'Grant' AND id_hash = ANY(${hashes}::bytea[])))`;
  }

  store(writes: ArtifactWrite[]): string {
    return `INSERT INTO oidc_artifacts (community_id, kind, id_hash, grant_id_hash, subject, client_id, session_uid, user_code_hash, payload, expires_at)
      SELECT $1, v.kind, v.id_hash, v.grant_id_hash, v.subject, v.client_id, v.session_uid, v.user_code_hash, v.payload, ${ENDS}
      FROM (VALUES ${this.#artifacts(writes)}) AS v (${ARTIFACT_COLUMNS})
      ON CONFLICT ON CONSTRAINT pk_oidc_artifacts DO UPDATE SET grant_id_hash = EXCLUDED.grant_id_hash, subject = EXCLUDED.subject,
        client_id = EXCLUDED.client_id, session_uid = EXCLUDED.session_uid, payload = EXCLUDED.payload, expires_at = EXCLUDED.expires_at`;
  }

  /** What was read and is written back must still be there: an answered question does not come back. */
  replace(writes: ArtifactWrite[]): string {
    return `UPDATE oidc_artifacts a SET grant_id_hash = v.grant_id_hash, subject = v.subject, client_id = v.client_id,
        session_uid = v.session_uid, user_code_hash = v.user_code_hash, payload = v.payload, expires_at = ${ENDS}
      FROM (VALUES ${this.#artifacts(writes)}) AS v (${ARTIFACT_COLUMNS})
      WHERE a.community_id = $1 AND a.kind = v.kind AND a.id_hash = v.id_hash RETURNING 1`;
  }

  #artifacts(writes: ArtifactWrite[]): string {
    const rows = writes.map(({ kind, id, json, payload, expiresIn }) => {
      // An interaction names a grant and is not of it: it goes on when another member takes over.
      const grantId = kind === 'Interaction' ? undefined : payload.grantId;
      const values: [value: unknown, type: string][] = [
        [kind, 'text'],
        [tokenHash(id), 'bytea'],
        [typeof grantId === 'string' ? tokenHash(grantId) : null, 'bytea'],
        [subjectOf(payload), 'uuid'],
        [payload.clientId ?? null, 'text'],
        [payload.sessionUid ?? null, 'text'],
        [typeof payload.userCode === 'string' ? tokenHash(payload.userCode) : null, 'bytea'],
        [json, 'jsonb'],
        [expiresIn ?? null, 'integer'],
      ];
      return `(${values.map(([value, type]) => `${this.#param(value)}::${type}`).join(', ')})`;
    });
    return rows.join(', ');
  }

  wait(uids: string[]): string {
    return `UPDATE oidc_artifacts SET expires_at = to_timestamp((payload ->> 'exp')::double precision)
      WHERE community_id = $1 AND kind = 'Interaction' AND id_hash = ANY(${this.#param(uids.map(tokenHash))}::bytea[])`;
  }

  open(sessions: { id: string; payload: Payload }[], { issuer, origin }: Changes): string {
    const rows = sessions.map(({ id, payload }) => sessionRow(id, payload));
    return `INSERT INTO sessions (community_id, id_hash, uid, subject, payload, expires_at, issuer, user_agent, ip)
      SELECT $1, decode(id_hash, 'hex'), uid, subject, payload, ${EXPIRY}, ${this.#param(issuer)}, ${this.#param(origin.userAgent?.slice(0, 500) ?? null)}, ${this.#param(origin.ip ?? null)}::inet
      FROM ${this.#sessions(rows)}`;
  }

  /**
   * Two tabs that sign in to two apps at once both count: only what this request changed is written,
   * over whatever the session is by now.
   */
  update(sessions: SessionUpdate[]): string {
    const rows = sessions.map(sessionUpdateRow);
    const sessionRows = `jsonb_to_recordset(${this.#param(JSON.stringify(rows))}::jsonb) AS r (uid text, id_hash text,
      subject uuid, exp double precision, dropped text[], payload jsonb, removed text[], changed jsonb)`;
    return `UPDATE sessions s SET last_seen_at = now(), expires_at = ${EXPIRY},
        id_hash = COALESCE(decode(r.id_hash, 'hex'), s.id_hash), subject = COALESCE(r.subject, s.subject),
        payload = (s.payload - r.dropped) || r.payload || jsonb_build_object('authorizations',
          (COALESCE(s.payload -> 'authorizations', '{}') - r.removed) || r.changed)
      FROM ${sessionRows} WHERE s.community_id = $1 AND s.uid = r.uid RETURNING 1`;
  }

  close(uids: string[]): string {
    return `DELETE FROM sessions WHERE community_id = $1 AND uid = ANY(${this.#param(uids)}::text[])`;
  }

  agree(consents: ConsentWrite[]): string {
    const rows = consents.map(({ serviceId, ...rest }) => ({ service_id: serviceId, ...rest }));
    return `INSERT INTO consents (community_id, service_id, subject, kind, scopes, claims)
      SELECT $1, service_id, subject, kind, scopes, claims
      FROM jsonb_to_recordset(${this.#param(JSON.stringify(rows))}::jsonb) AS r (service_id uuid, subject uuid, kind text, scopes text[], claims text[])
      ON CONFLICT ON CONSTRAINT pk_consents DO UPDATE SET given_at = now(), kind = EXCLUDED.kind,
        scopes = ARRAY(SELECT unnest(consents.scopes) UNION SELECT unnest(EXCLUDED.scopes)),
        claims = ARRAY(SELECT unnest(consents.claims) UNION SELECT unnest(EXCLUDED.claims))`;
  }

  disclose(disclosures: Disclosure[]): string {
    const rows = disclosures.map(({ serviceId, ...rest }) => ({ service_id: serviceId, ...rest }));
    return `INSERT INTO disclosures (community_id, service_id, subject, claims)
      SELECT $1, service_id, subject, claims
      FROM jsonb_to_recordset(${this.#param(JSON.stringify(rows))}::jsonb) AS r (service_id uuid, subject uuid, claims jsonb)
      ON CONFLICT ON CONSTRAINT pk_disclosures
        DO UPDATE SET last_at = now(), claims = disclosures.claims || EXCLUDED.claims`;
  }

  tell(events: AuditEvent[]): string {
    return recordEventsSql(this.#param(eventRows(events)));
  }

  queue(messages: OutboxMessage[]): string {
    return enqueueSql(this.#param(outboxRows(messages)));
  }

  stand(credential: Credential): string {
    const theirs = `m.community_id = $1 AND m.subject = ${this.#param(credential.subject)}::uuid AND ${isActive('m')}`;
    if ('passkeyId' in credential) {
      return `SELECT 1 FROM memberships m JOIN passkeys k ON k.person_id = m.person_id
        WHERE ${theirs} AND k.id = ${this.#param(credential.passkeyId)}::uuid FOR SHARE OF m, k`;
    }
    return `SELECT 1 FROM memberships m JOIN persons p ON p.id = m.person_id
      WHERE ${theirs} AND p.password_hash = ${this.#param(credential.passwordHash)} FOR SHARE OF m, p`;
  }

  arrive(tokenHash: Buffer): string {
    return `DELETE FROM pending_sign_ins
      WHERE community_id = $1 AND token_hash = ${this.#param(tokenHash)} AND expires_at > now() RETURNING 1`;
  }

  done(step: DoneStep, replaced: string | undefined): string {
    return noteDoneStepSql((value) => this.#param(value), step, replaced);
  }

  forgetOld({ browserHash, key }: DoneStep): string {
    return forgetOldStepsSql(this.#param(browserHash), this.#param(key));
  }

  /**
   * Keys one by one, not as arrays to join with: so the way through the primary key is the cheapest
   * even while PostgreSQL believes the table to be empty, as it was when the statement was planned.
   */
  #isOneOf(rows: { kind: string; id: string }[]): string {
    const keys = rows.map(
      ({ kind, id }) => `(kind = ${this.#param(kind)} AND id_hash = ${this.#param(tokenHash(id))})`,
    );
    return `(${keys.join(' OR ')})`;
  }

  #sessions(rows: object[]): string {
    return `jsonb_to_recordset(${this.#param(JSON.stringify(rows))}::jsonb) AS r (id_hash text, uid text, subject uuid, payload jsonb, exp double precision, removed text[], changed jsonb)`;
  }

  #param(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

const ARTIFACT_COLUMNS =
  'kind, id_hash, grant_id_hash, subject, client_id, session_uid, user_code_hash, payload, expires_in';
const ENDS = "now() + v.expires_in * interval '1 second'";

/** Statements of one text share a plan, and only those: a name of PostgreSQL's holds 63 bytes. */
function preparedName(sql: string): string {
  return `write-${hash('sha256', sql, 'hex').slice(0, 32)}`;
}

/** Rounded up to the hour: the column is indexed, and a session that is merely used need not move in the index. */
const EXPIRY = `date_trunc('hour', to_timestamp(r.exp)) + interval '1 hour'`;

function sessionRow(id: string, payload: Payload) {
  const { jti: _jti, ...rest } = payload;
  return {
    id_hash: tokenHashHex(id),
    uid: payload.uid,
    subject: payload.accountId ?? null,
    payload: rest,
    exp: payload.exp,
  };
}

function sessionUpdateRow({ id, before, payload }: SessionUpdate) {
  const { jti: _jti, authorizations = {}, ...now } = payload;
  const { jti: _was, authorizations: authorizationsBefore = {}, ...then } = before.payload;
  const top = difference(then, now);
  const apps = difference(
    authorizationsBefore as Record<string, unknown>,
    authorizations as Record<string, unknown>,
  );
  return {
    uid: payload.uid,
    id_hash: id === before.id ? null : tokenHashHex(id),
    subject: 'accountId' in top.changed ? payload.accountId : null,
    exp: payload.exp,
    dropped: top.removed,
    payload: top.changed,
    removed: apps.removed,
    changed: apps.changed,
  };
}

function difference(before: Record<string, unknown>, after: Record<string, unknown>) {
  return {
    removed: Object.keys(before).filter((key) => after[key] === undefined),
    changed: Object.fromEntries(
      Object.entries(after).filter(
        ([key, value]) => value !== undefined && !isDeepStrictEqual(before[key], value),
      ),
    ),
  };
}

/** Whose it is: ending a member's sessions ends it, too. */
function subjectOf(payload: Payload): unknown {
  const { accountId, result, session } = payload as {
    accountId?: string;
    result?: { login?: { accountId?: string } };
    session?: { accountId?: string };
  };
  return accountId ?? result?.login?.accountId ?? session?.accountId ?? null;
}

/** Ends a grant with all the codes and tokens that it gave. */
export async function revokeGrant(
  db: Queryable,
  communityId: string,
  grantId: string,
): Promise<void> {
  await db.query(
    `DELETE FROM oidc_artifacts WHERE community_id = $1 AND (grant_id_hash = $2 OR (kind = 'Grant' AND id_hash = $2))`,
    [communityId, tokenHash(grantId)],
  );
}
