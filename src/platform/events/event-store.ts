import type { Queryable } from '../database/database.ts';

/** One line of a community's audit trail. */
export type EventRow = {
  /** A bigint, as text. */
  id: string;
  at: Date;
  type: string;
  actor: string;
  serviceId: string | null;
  details: Record<string, unknown>;
};

/**
 * The events that concern a member, the newest first.
 * @param before the id of the last one of the page before
 */
export function listEventsOf(
  db: Queryable,
  communityId: string,
  subject: string,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<EventRow[]> {
  return db.query<EventRow>(
    `SELECT id::text, at, type, actor, service_id AS "serviceId", details FROM events
     WHERE community_id = $1 AND subject = $2 AND ($3::bigint IS NULL OR id < $3)
     ORDER BY events.id DESC LIMIT $4`,
    [communityId, subject, before ?? null, limit],
  );
}
