import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';
import { nameKey } from '../../platform/text/names.ts';

export const OPERATOR_SESSION_SECONDS = 12 * 60 * 60;

/** What an operator's sign-in rests on: it counts only if that still stands when it is stored. */
export type OperatorCredential = { passwordHash: string } | { passkeyId: string };

/** An operator who is signed in to the console. */
export type SignedInOperator = {
  id: string;
  personId: string;
  email: string;
  session: {
    /** Names the session to those who have it: of the token, it is the hash. */
    uid: string;
    /** How it was proven (RFC 8176). */
    amr: string[];
    signedInAt: Date;
  };
};

/**
 * Opens a session, in the transaction of its event.
 * @returns the token for the cookie, of which the database keeps the hash; undefined when what the sign-in
 *   rests on is gone by now
 */
export async function openOperatorSession(
  tx: Transaction,
  operatorId: string,
  amr: readonly string[],
  restsOn: OperatorCredential,
): Promise<string | undefined> {
  const token = newToken();
  // A change of what the sign-in rests on comes before, or finds this session and ends it, too.
  await tx.query(
    'SELECT 1 FROM persons p JOIN operators o ON o.person_id = p.id WHERE o.id = $1 FOR SHARE OF p',
    [operatorId],
  );
  const opened = await tx.query(
    `INSERT INTO operator_sessions (token_hash, operator_id, amr, expires_at)
     SELECT $1, o.id, $3, now() + $4 * interval '1 second'
     FROM operators o JOIN persons p ON p.id = o.person_id
     WHERE o.id = $2 AND ($5::text IS NULL OR p.password_hash = $5)
       AND ($6::uuid IS NULL OR EXISTS (SELECT 1 FROM passkeys k WHERE k.person_id = p.id AND k.id = $6))
     RETURNING 1`,
    [
      tokenHash(token),
      operatorId,
      amr,
      OPERATOR_SESSION_SECONDS,
      'passwordHash' in restsOn ? restsOn.passwordHash : null,
      'passkeyId' in restsOn ? restsOn.passkeyId : null,
    ],
  );
  return opened.length === 0 ? undefined : token;
}

/**
 * Who is signed in. Whoever has a second factor by now is signed in by that: a session that the password
 * alone opened counts no longer.
 */
export async function findOperatorBySession(
  db: Queryable,
  token: string,
): Promise<SignedInOperator | undefined> {
  const [row] = await db.query<Omit<SignedInOperator, 'session'> & SignedInOperator['session']>(
    `SELECT o.id, o.person_id AS "personId", o.email, encode(s.token_hash, 'hex') AS uid, s.amr,
       s.created_at AS "signedInAt"
     FROM operator_sessions s JOIN operators o ON o.id = s.operator_id
     WHERE s.token_hash = $1 AND s.expires_at > now()
       AND ('mfa' = ANY(s.amr) OR NOT has_second_factor(o.person_id))`,
    [tokenHash(token)],
  );
  if (row === undefined) return undefined;
  const { uid, amr, signedInAt, ...operator } = row;
  return { ...operator, session: { uid, amr, signedInAt } };
}

/** Notes that whoever is signed in proved a second factor as well, as one does in setting it up. */
export async function raiseOperatorSession(
  db: Queryable,
  uid: string,
  proven: readonly string[],
): Promise<void> {
  await db.query(
    `UPDATE operator_sessions SET amr = ARRAY(SELECT DISTINCT unnest(amr || $2::text[] || '{mfa}'))
     WHERE token_hash = decode($1, 'hex')`,
    [uid, proven],
  );
}

export async function closeOperatorSession(db: Queryable, token: string): Promise<void> {
  await db.query('DELETE FROM operator_sessions WHERE token_hash = $1', [tokenHash(token)]);
}

type OperatorPassword = {
  id: string;
  personId: string;
  email: string;
  passwordHash: string | null;
};

/** The operator of an address with the hash of their password. */
export async function findOperatorCredential(
  db: Queryable,
  email: string,
): Promise<OperatorPassword | undefined> {
  // They are few, and SQL's lower() would fold as the database's locale does.
  const rows = await db.query<OperatorPassword>(
    `SELECT o.id, o.person_id AS "personId", o.email, p.password_hash AS "passwordHash" FROM operators o JOIN persons p ON p.id = o.person_id`,
  );
  return rows.find((row) => nameKey(row.email) === nameKey(email));
}
