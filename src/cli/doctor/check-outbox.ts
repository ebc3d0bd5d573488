import type { Database } from '../../platform/database/database.ts';
import { plural } from '../output.ts';
import { type Finding, ok, warn } from './finding.ts';

type Row = { failed: number; late: number; waiting: number; lastError: string | null };

/** A sign-out that an app did not take is past once it has taken a later one. */
const IS_PAST = `(f.kind = 'backchannel-logout' AND EXISTS (
  SELECT FROM outbox l WHERE l.kind = f.kind AND l.community_id = f.community_id AND l.done_at > f.failed_at
    AND l.payload ->> 'clientId' = f.payload ->> 'clientId'))`;

/** Messages that were given up, and messages that nobody takes: no worker runs, or it cannot keep up. */
export async function checkOutbox(database: Database): Promise<Finding[]> {
  const [row] = await database.query<Row>(
    `WITH failed AS (SELECT f.* FROM outbox f WHERE f.failed_at IS NOT NULL AND NOT ${IS_PAST})
     SELECT (SELECT count(*)::int FROM failed) AS failed,
       count(*) FILTER (WHERE open AND next_attempt_at < now() - interval '5 minutes')::int AS late,
       count(*) FILTER (WHERE open)::int AS waiting,
       (SELECT COALESCE((payload ->> 'clientId') || ': ', '') || last_error FROM failed
        ORDER BY failed_at DESC LIMIT 1) AS "lastError"
     FROM (SELECT *, done_at IS NULL AND failed_at IS NULL AS open FROM outbox) AS o`,
  );
  const { failed = 0, late = 0, waiting = 0, lastError = null } = row ?? {};
  const findings: Finding[] = [];
  if (failed > 0) {
    findings.push(
      warn(
        `${plural(failed, 'message')} could not be delivered; the last: ${lastError ?? 'unknown'}`,
      ),
    );
  }
  if (late > 0) {
    findings.push(
      warn(
        `${plural(late, 'message')} should have left more than 5 minutes ago; does a process with the worker role run?`,
      ),
    );
  }
  if (findings.length === 0) findings.push(ok(`the outbox is in order (${waiting} waiting)`));
  return findings;
}
