import type { Database, Queryable } from '../database/database.ts';

/** Work that the hub does from time to time, whichever of its processes. */
export type ScheduledTask = {
  name: string;
  everyMs: number;
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
  return holdingLock(database, task.name, async (db) => {
    if (!(await takePeriod(db, task, now))) return false;
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

/** Runs the work under a lock of the whole hub; returns false, at once, when another process holds it. */
async function holdingLock(
  database: Database,
  name: string,
  work: (db: Queryable) => Promise<boolean>,
): Promise<boolean> {
  const client = await database.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  const query: Queryable['query'] = async (text, values) => (await client.query(text, values)).rows;
  try {
    const [row] = await query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held', [
      `schedule:${name}`,
    ]);
    if (!row.held) return false;
    try {
      return await work({ query });
    } finally {
      await query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [`schedule:${name}`]);
    }
  } catch (error) {
    // A connection that may still hold the lock must not go back to the pool.
    broken = error as Error;
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
