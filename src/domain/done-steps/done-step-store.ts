import type { Queryable } from '../../platform/database/database.ts';

/** What is kept of a step that was done. */
export type DoneStep = {
  key: Buffer;
  browserHash: Buffer;
  sealedAnswer: Buffer;
};

export type FoundStep = { sealedAnswer: Buffer; doneAt: string };

/** How long a browser is led on. */
export const DONE_STEP_MINUTES = 10;
/** As many as a browser has at once; an older one is forgotten. */
export const DONE_STEPS_OF_A_BROWSER = 20;

/**
 * A step that was done a while ago is none; one is found for nobody but the browser that did it.
 * @param communityId null for the hub's own pages
 */
export async function findDoneStep(
  db: Queryable,
  communityId: string | null,
  key: Buffer,
): Promise<FoundStep | undefined> {
  const [row] = await db.query<FoundStep>(
    `SELECT sealed_answer AS "sealedAnswer", done_at::text AS "doneAt" FROM done_steps
     WHERE community_id IS NOT DISTINCT FROM $1 AND key = $2 AND expires_at > now()`,
    [communityId, key],
  );
  return row;
}

/**
 * Notes a step with the change that it is, in the same transaction.
 * @param replaced when it was done before, if that counts no more
 * @returns false when another request has noted it meanwhile: of two at once, one counts
 */
export async function noteDoneStep(
  db: Queryable,
  communityId: string | null,
  done: DoneStep,
  replaced?: string,
): Promise<boolean> {
  const params: unknown[] = [communityId];
  const param = (value: unknown) => `$${params.push(value)}`;
  const noted = await db.query(noteDoneStepSql(param, done, replaced), params);
  const kept = [communityId, done.browserHash, done.key];
  await db.query(forgetOldStepsSql('$2', '$3'), kept);
  return noted.length === 1;
}

/** Says where a step led that was noted in this transaction before it was known. */
export async function answerDoneStep(
  tx: Queryable,
  communityId: string | null,
  { key, sealedAnswer }: DoneStep,
): Promise<void> {
  await tx.query(
    'UPDATE done_steps SET sealed_answer = $3 WHERE community_id IS NOT DISTINCT FROM $1 AND key = $2',
    [communityId, key, sealedAnswer],
  );
}

/** The same as a part of a statement; `$1` is the community. `replaced` is when it was done before, if that counts no more. */
export function noteDoneStepSql(
  param: (value: unknown) => string,
  { key, browserHash: browser, sealedAnswer }: DoneStep,
  replaced?: string,
): string {
  return `INSERT INTO done_steps AS d (community_id, key, browser_hash, sealed_answer, expires_at)
    VALUES ($1, ${param(key)}, ${param(browser)}, ${param(sealedAnswer)},
      now() + ${DONE_STEP_MINUTES} * interval '1 minute')
    ON CONFLICT ON CONSTRAINT pk_done_steps DO UPDATE SET browser_hash = EXCLUDED.browser_hash,
      sealed_answer = EXCLUDED.sealed_answer, done_at = now(), expires_at = EXCLUDED.expires_at
      WHERE d.expires_at <= now() OR d.done_at = ${param(replaced ?? null)}::timestamptz
    RETURNING 1`;
}

/** Forgets what is too much of one browser beside the step of `key`; what another request is at is left to it. */
export function forgetOldStepsSql(browser: string, key: string): string {
  return `DELETE FROM done_steps WHERE ctid = ANY(ARRAY(SELECT ctid FROM done_steps
      WHERE community_id IS NOT DISTINCT FROM $1 AND browser_hash = ${browser} AND key <> ${key}
      ORDER BY done_at DESC OFFSET ${DONE_STEPS_OF_A_BROWSER - 1} FOR UPDATE SKIP LOCKED)) RETURNING 1`;
}
