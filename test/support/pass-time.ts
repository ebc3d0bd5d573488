import type { Database } from '../../src/platform/database/database.ts';

/**
 * Lets the ends of one member come: what lies ahead lies behind. No change does that, only time, for which a test
 * would have to wait.
 */
export async function passTime(database: Database, subject: string): Promise<void> {
  await database.query(
    `UPDATE memberships SET until = until - interval '10 years', role_until = role_until - interval '10 years'
     WHERE subject = $1`,
    [subject],
  );
  await database.query(
    `UPDATE group_members SET until = until - interval '10 years' WHERE subject = $1`,
    [subject],
  );
}
