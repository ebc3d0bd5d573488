import type { Queryable } from './database.ts';

/**
 * Writes a row that is there for nothing else, and waits until the database has kept it: a standby, a full disk
 * or a replica that is waited for in vain show only so.
 */
export async function tryWrite(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO hub_settings (key, value) VALUES ('write-check', '{}')
     ON CONFLICT (key) DO UPDATE SET updated_at = now()`,
  );
}
