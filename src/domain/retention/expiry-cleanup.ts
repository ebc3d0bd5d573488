import { setTimeout as delay } from 'node:timers/promises';
import type { Retention } from '../../platform/config/retention.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { SWEEPS, type Sweep } from './growth.ts';
import { noteSweptEvents } from './trail-start.ts';

const DAY = 86_400_000;
const BATCH = 1_000;
/** Between rounds, so that sign-ins find the disk and the locks free. */
const PAUSE_MS = 50;
/** A backlog of years is worked off over several runs: other scheduled work waits for this one. */
const LONGEST_MS = 2 * 60_000;

type CleanUpOptions = {
  now?: Date;
  batch?: number;
  longestMs?: number;
  signal?: AbortSignal;
};

/**
 * Deletes what has expired, in small batches, each a statement of its own, one of each table in turn: a
 * table with much to delete keeps no other waiting. Rows that a request holds at the moment are left for
 * the next time, so nobody waits for the clean-up, nor it for anybody.
 * @returns how many rows were deleted
 */
export async function cleanUpExpired(
  db: Queryable,
  retention: Retention,
  { now = new Date(), batch = BATCH, longestMs = LONGEST_MS, signal }: CleanUpOptions = {},
): Promise<number> {
  const started = performance.now();
  let deleted = 0;
  let unfinished: readonly Sweep[] = SWEEPS;
  await noteSweptEvents(db, cutoff('events', retention, now));
  while (unfinished.length > 0) {
    const more: Sweep[] = [];
    for (const sweep of unfinished) {
      if (signal?.aborted) return deleted;
      const before = cutoff(sweep.kept, retention, now);
      const rows = await db.query(sweepSql(sweep), [
        sweep.inMilliseconds ? +before : before,
        batch,
      ]);
      deleted += rows.length;
      if (rows.length === batch) more.push(sweep);
    }
    unfinished = more;
    if (performance.now() - started >= longestMs) break;
    if (more.length > 0) await delay(PAUSE_MS);
  }
  return deleted;
}

/** `$1` is the time before which a row counts as expired, `$2` how many rows go at once. */
export function sweepSql({ table, column, condition }: Sweep): string {
  const expired = `${column} < $1${condition === undefined ? '' : ` AND ${condition}`}`;
  // By its order the planner, which does not know how much is old, takes the index.
  return `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ${table} WHERE ${expired} ORDER BY ${column} LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`;
}

function cutoff(kept: Sweep['kept'], retention: Retention, now: Date): Date {
  const days = typeof kept === 'string' ? retention[kept] : (kept ?? 0);
  return new Date(+now - days * DAY);
}
