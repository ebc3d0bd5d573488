import type { Queryable } from '../../platform/database/database.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';

export const PENDING_SECONDS = 15 * 60;

/** An operator's sign-in whose password was right, and which waits for the second factor. */
export type PendingOperatorSignIn = {
  tokenHash: Buffer;
  id: string;
  personId: string;
  email: string;
  passwordHash: string;
};

/** @returns the token for the cookie of the browser in which the password was typed */
export async function openPendingOperatorSignIn(
  db: Queryable,
  operatorId: string,
  passwordHash: string,
): Promise<string> {
  const token = newToken();
  await db.query(
    `INSERT INTO pending_operator_sign_ins (token_hash, operator_id, password_hash, expires_at)
     VALUES ($1, $2, $3, now() + $4 * interval '1 second')`,
    [tokenHash(token), operatorId, passwordHash, PENDING_SECONDS],
  );
  return token;
}

/** Undefined when there is none, or its password is no longer the operator's. */
export async function findPendingOperatorSignIn(
  db: Queryable,
  token: string,
): Promise<PendingOperatorSignIn | undefined> {
  const [row] = await db.query<Omit<PendingOperatorSignIn, 'tokenHash'>>(
    `SELECT o.id, o.person_id AS "personId", o.email, s.password_hash AS "passwordHash"
     FROM pending_operator_sign_ins s JOIN operators o ON o.id = s.operator_id JOIN persons p ON p.id = o.person_id
     WHERE s.token_hash = $1 AND s.expires_at > now() AND p.password_hash = s.password_hash`,
    [tokenHash(token)],
  );
  return row && { ...row, tokenHash: tokenHash(token) };
}

/** @returns false when it was ended before: of two answers at once, one counts */
export async function endPendingOperatorSignIn(
  db: Queryable,
  { tokenHash: hash }: PendingOperatorSignIn,
): Promise<boolean> {
  const ended = await db.query(
    'DELETE FROM pending_operator_sign_ins WHERE token_hash = $1 RETURNING 1',
    [hash],
  );
  return ended.length > 0;
}
