import type { Queryable } from '../../platform/database/database.ts';

/** A service that does not hear when somebody signs out. */
export type FailingService = { clientId: string; since: Date };

/** Attempts after which a service that did not answer is told of; until then it may have been a moment. */
const ATTEMPTS = 3;

/**
 * Services that did not take the logouts of the last week, and none after them (OpenID Connect Back-Channel
 * Logout 1.0 §2.5).
 */
export function listFailingServices(db: Queryable, communityId: string): Promise<FailingService[]> {
  return db.query<FailingService>(
    `SELECT f.payload ->> 'clientId' AS "clientId", min(f.created_at) AS since FROM outbox f
     WHERE f.community_id = $1 AND f.kind = 'backchannel-logout' AND f.done_at IS NULL
       AND f.created_at > now() - interval '7 days' AND (f.failed_at IS NOT NULL OR f.attempts >= $2)
       AND NOT EXISTS (SELECT FROM outbox l WHERE l.community_id = f.community_id AND l.kind = f.kind
         AND l.payload ->> 'clientId' = f.payload ->> 'clientId' AND l.created_at > now() - interval '7 days' AND l.done_at > f.created_at)
     GROUP BY 1 ORDER BY 2`,
    [communityId, ATTEMPTS],
  );
}
