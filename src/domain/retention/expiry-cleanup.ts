import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '../../platform/database/database.ts';
import { DAY_MS } from '../../platform/time/units.ts';

/** Long enough to see what was sent lately, and to look into what was not. */
const DELIVERED_KEPT_MS = 7 * DAY_MS;
const FAILED_KEPT_MS = 90 * DAY_MS;

const BATCH = 500;
/** Between batches, so that sign-ins find the disk and the locks free. */
const PAUSE_MS = 50;

/** What expires: the table, and the condition; `$1` is the time before which it counts as expired. */
const EXPIRING: { table: string; condition: string; keptMs?: number }[] = [
  { table: 'sessions', condition: 'expires_at < $1' },
  { table: 'oidc_artifacts', condition: 'expires_at < $1' },
  { table: 'operator_sessions', condition: 'expires_at < $1' },
  { table: 'spent_proofs', condition: 'expires_at < $1' },
  { table: 'pending_sign_ins', condition: 'expires_at < $1' },
  // A while longer than they can be opened: the page then knows what it was.
  { table: 'links', condition: 'expires_at < $1', keptMs: DELIVERED_KEPT_MS },
  { table: 'signing_keys', condition: 'expires_at < $1' },
  { table: 'throttles', condition: 'expire < extract(epoch FROM $1::timestamptz) * 1000' },
  { table: 'kept_mails', condition: 'created_at < $1', keptMs: 30 * DAY_MS },
  { table: 'outbox', condition: 'done_at < $1', keptMs: DELIVERED_KEPT_MS },
  { table: 'outbox', condition: 'failed_at < $1', keptMs: FAILED_KEPT_MS },
];

/**
 * Deletes what has expired, in small batches, each a statement of its own. Rows that a request holds
 * at the moment are left for the next time, so nobody waits for the clean-up, nor it for anybody.
 * @returns how many rows were deleted
 */
export async function cleanUpExpired(
  db: Queryable,
  { now = new Date(), batch = BATCH, signal }: CleanUpOptions = {},
): Promise<number> {
  let deleted = 0;
  for (const { table, condition, keptMs = 0 } of EXPIRING) {
    const before = new Date(+now - keptMs);
    for (;;) {
      if (signal?.aborted) return deleted;
      const rows = await db.query(
        `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
           SELECT ctid FROM ${table} WHERE ${condition} LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`,
        [before, batch],
      );
      deleted += rows.length;
      if (rows.length < batch) break;
      await delay(PAUSE_MS);
    }
  }
  return deleted;
}

type CleanUpOptions = { now?: Date; batch?: number; signal?: AbortSignal };
