import type { Transaction } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { tokenHash } from '../../platform/secrets/token-hash.ts';

/** Answers that are kept for one token at once. */
const MOST = 10_000;

/** Which request of which token: `key` is what its sender calls it. */
export type AnsweredRequest = { tokenId: string; communityId: string | undefined; key: string };

/** What a kept answer is bound to (see `Sealer`). */
export function apiAnswerContext(tokenId: string, keyHash: string): string {
  return `api-answer:${tokenId}:${keyHash}`;
}

/**
 * Takes the turn of a request until the transaction ends.
 * @returns false when the same one is under way
 */
export async function takeRequest(
  tx: Transaction,
  { tokenId, key }: AnsweredRequest,
): Promise<boolean> {
  const [row] = await tx.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('api-answer:' || $1, 0)) AS taken`,
    [`${tokenId}:${tokenHash(key).toString('hex')}`],
  );
  return row?.taken === true;
}

/** What a request was answered within the last day, and the hash of what was asked then. */
export async function findAnswer(
  tx: Transaction,
  sealer: Sealer,
  { tokenId, key }: AnsweredRequest,
): Promise<{ requestHash: Buffer; answer: string } | undefined> {
  const keyHash = tokenHash(key);
  const [row] = await tx.query<{ requestHash: Buffer; sealed: Buffer }>(
    `SELECT request_hash AS "requestHash", sealed_answer AS sealed FROM api_answers
     WHERE token_id = $1 AND key_hash = $2 AND expires_at > now()`,
    [tokenId, keyHash],
  );
  if (row === undefined) return undefined;
  const context = apiAnswerContext(tokenId, keyHash.toString('hex'));
  return { requestHash: row.requestHash, answer: sealer.open(row.sealed, context).toString() };
}

/**
 * Keeps what a request is answered, with the change that it made: for a day. It may hold a secret, and is sealed.
 * @returns false when so many are kept of this token that there is no room
 */
export async function keepAnswer(
  tx: Transaction,
  sealer: Sealer,
  { tokenId, communityId, key }: AnsweredRequest,
  { requestHash, answer }: { requestHash: Buffer; answer: string },
): Promise<boolean> {
  const keyHash = tokenHash(key);
  const [full] = await tx.query('SELECT 1 FROM api_answers WHERE token_id = $1 OFFSET $2 LIMIT 1', [
    tokenId,
    MOST - 1,
  ]);
  if (full !== undefined) return false;
  await tx.query(
    `INSERT INTO api_answers (token_id, key_hash, community_id, request_hash, sealed_answer, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + interval '1 day')
     ON CONFLICT (token_id, key_hash) DO UPDATE SET request_hash = EXCLUDED.request_hash,
       sealed_answer = EXCLUDED.sealed_answer, expires_at = EXCLUDED.expires_at`,
    [
      tokenId,
      keyHash,
      communityId ?? null,
      requestHash,
      sealer.seal(answer, apiAnswerContext(tokenId, keyHash.toString('hex'))),
    ],
  );
  return true;
}
