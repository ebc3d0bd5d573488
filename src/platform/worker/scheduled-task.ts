import type { Database, Queryable } from '../database/database.ts';

/** Work that the hub does from time to time, whichever of its processes. */
export type ScheduledTask = {
  name: string;
  everyMs: number;
  /** Milliseconds until there is something for it, where that may be before the next look; undefined when not. */
  comesIn?(): Promise<number | undefined>;
  /** Must do no harm when it is broken off, and go on where it was the next time. */
  run(context: { now: Date; signal: AbortSignal }): Promise<void>;
};

/**
 * Runs a task when its period has begun and no process of the hub has run it in that period. One
 * process at a time runs it, however long it takes; if that process dies, its lock ends with its
 * connection, and the task is run in the next period.
 * @returns whether this process ran it
 */
export async function runIfDue(
  database: Database,
  task: ScheduledTask,
  { now = new Date(), signal }: { now?: Date; signal: AbortSignal },
): Promise<boolean> {
  // Nearly always the answer, without a lock.
  if (!(await isDue(database, task, now))) return false;
  return holdingLock(database, task.name, async () => {
    if (!(await takePeriod(database, task, now))) return false;
    await task.run({ now, signal });
    return true;
  });
}

async function isDue(db: Queryable, task: ScheduledTask, now: Date): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM hub_settings WHERE key = $1 AND updated_at > $2::timestamptz - $3 * interval '1 millisecond'`,
    [settingKey(task), now, task.everyMs],
  );
  return rows.length === 0;
}

async function takePeriod(db: Queryable, task: ScheduledTask, now: Date): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO hub_settings AS s (key, value, updated_at) VALUES ($1, '{}', $2)
     ON CONFLICT (key) DO UPDATE SET updated_at = EXCLUDED.updated_at
       WHERE s.updated_at <= $2::timestamptz - $3 * interval '1 millisecond' RETURNING 1`,
    [settingKey(task), now, task.everyMs],
  );
  return rows.length > 0;
}

function settingKey(task: ScheduledTask): string {
  return `schedule:${task.name}`;
}

/**
 * Runs the work under a lock of the whole hub; returns false, at once, when another process holds it. The lock
 * is a transaction's, not a session's, so that it is let go of behind a pooler, too; the transaction
 * does nothing else, and keeps nobody from cleaning up.
 */
async function holdingLock(
  database: Database,
  name: string,
  work: () => Promise<boolean>,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const [row] = await tx.query<{ held: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held',
      [`schedule:${name}`],
    );
    return row?.held === true && (await work());
  });
}
