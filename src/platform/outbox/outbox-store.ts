import type { Queryable } from '../database/database.ts';
import type { OutboxKind, OutboxMessage } from './outbox.ts';

/** A message that this process may deliver until its lease ends. */
export type Claimed<Kind extends OutboxKind = OutboxKind> = OutboxMessage<Kind> & {
  id: string;
  /** Which attempt this is, from 1. */
  attempts: number;
};

/** Longer than any attempt takes; after a crash the message is claimed again when it ends. */
export const LEASE_MS = 60_000;

/**
 * Claims messages that are due, each by one process at a time, those never tried before those that
 * failed. Times are the database's, which all processes share, unless `now` is given.
 */
export function claimMessages(
  db: Queryable,
  { kinds, limit, now }: { kinds: string[]; limit: number; now?: Date },
): Promise<Claimed[]> {
  return db.query<Claimed>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM outbox
       WHERE done_at IS NULL AND failed_at IS NULL AND next_attempt_at <= COALESCE($3, now())
         AND kind = ANY($1::text[])
       ORDER BY attempts > 0, next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     UPDATE outbox o SET attempts = attempts + 1,
       next_attempt_at = COALESCE($3, now()) + $4 * interval '1 millisecond'
     FROM due WHERE o.id = due.id
     RETURNING o.id, o.community_id AS "communityId", o.kind, o.payload, o.attempts`,
    [kinds, limit, now ?? null, LEASE_MS],
  );
}

/** When a message was queued, by the database's clock, to the microsecond; undefined when it is gone. */
export async function queuedAt(db: Queryable, id: string): Promise<string | undefined> {
  const [row] = await db.query<{ at: string }>(
    `SELECT to_json(created_at) #>> '{}' AS at FROM outbox WHERE id = $1`,
    [id],
  );
  return row?.at;
}

/** Milliseconds until a message is due, negative when one is late; undefined when none waits. */
export async function msUntilDue(db: Queryable, kinds: string[]): Promise<number | undefined> {
  const [row] = await db.query<{ ms: number | null }>(
    `SELECT (extract(epoch FROM min(next_attempt_at) - clock_timestamp()) * 1000)::float8 AS ms FROM outbox
     WHERE done_at IS NULL AND failed_at IS NULL AND kind = ANY($1::text[])`,
    [kinds],
  );
  return row?.ms ?? undefined;
}

// An attempt that outlived its lease has lost its say: another process has counted one more.
const STILL_OURS = 'id = $1 AND attempts = $2 AND done_at IS NULL AND failed_at IS NULL';

export async function markDone(db: Queryable, message: Claimed): Promise<void> {
  await db.query(`UPDATE outbox SET done_at = now(), last_error = NULL WHERE ${STILL_OURS}`, [
    message.id,
    message.attempts,
  ]);
}

export async function postpone(
  db: Queryable,
  message: Claimed,
  { reason, delayMs, now }: { reason: string; delayMs: number; now?: Date },
): Promise<void> {
  await db.query(
    `UPDATE outbox SET last_error = $3,
       next_attempt_at = COALESCE($4, now()) + $5 * interval '1 millisecond'
     WHERE ${STILL_OURS}`,
    [message.id, message.attempts, reason, now ?? null, delayMs],
  );
}

/** @returns whether it was still ours to give up */
export async function markFailed(
  db: Queryable,
  message: Claimed,
  reason: string,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE outbox SET failed_at = now(), last_error = $3 WHERE ${STILL_OURS} RETURNING 1`,
    [message.id, message.attempts, reason],
  );
  return rows.length > 0;
}
