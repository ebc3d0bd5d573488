import type { Queryable } from '../../platform/database/database.ts';

const KEY = 'events-swept-before';

/** Events from before this time may be gone; NULL while all are there. As SQL. */
export const TRAIL_START = `(SELECT (value #>> '{}')::timestamptz FROM hub_settings WHERE key = '${KEY}')`;

/** Said before they are deleted. A longer retention brings nothing back: the time only grows. */
export async function noteSweptEvents(db: Queryable, before: Date): Promise<void> {
  await db.query(
    `INSERT INTO hub_settings AS s (key, value) VALUES ($1, to_jsonb($2::timestamptz))
     ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
       WHERE (s.value #>> '{}')::timestamptz < $2::timestamptz`,
    [KEY, before],
  );
}
