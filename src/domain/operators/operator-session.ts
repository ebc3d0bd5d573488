import type { Queryable } from '../../platform/database/database.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';
import { nameKey } from '../../platform/text/names.ts';

export const OPERATOR_SESSION_SECONDS = 12 * 60 * 60;

/** @returns the token for the cookie; the database keeps its hash */
export async function openOperatorSession(db: Queryable, operatorId: string): Promise<string> {
  const token = newToken();
  await db.query(
    `INSERT INTO operator_sessions (token_hash, operator_id, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second')`,
    [tokenHash(token), operatorId, OPERATOR_SESSION_SECONDS],
  );
  return token;
}

export async function findOperatorBySession(
  db: Queryable,
  token: string,
): Promise<{ id: string; email: string } | undefined> {
  const [row] = await db.query<{ id: string; email: string }>(
    `SELECT o.id, o.email FROM operator_sessions s JOIN operators o ON o.id = s.operator_id
     WHERE s.token_hash = $1 AND s.expires_at > now()`,
    [tokenHash(token)],
  );
  return row;
}

export async function closeOperatorSession(db: Queryable, token: string): Promise<void> {
  await db.query('DELETE FROM operator_sessions WHERE token_hash = $1', [tokenHash(token)]);
}

type OperatorCredential = {
  id: string;
  personId: string;
  email: string;
  passwordHash: string | null;
};

/** The operator of an address with the hash of their password. */
export async function findOperatorCredential(
  db: Queryable,
  email: string,
): Promise<OperatorCredential | undefined> {
  // They are few, and SQL's lower() would fold as the database's locale does.
  const rows = await db.query<OperatorCredential>(
    `SELECT o.id, o.person_id AS "personId", o.email, p.password_hash AS "passwordHash" FROM operators o JOIN persons p ON p.id = o.person_id`,
  );
  return rows.find((row) => nameKey(row.email) === nameKey(email));
}
