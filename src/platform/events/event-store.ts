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

export type JournalRow = EventRow & { subject: string | null };

/**
 * The events of a community, or of the hub where none is given, the newest first.
 * @param before the id of the last one of the page before
 */
export function listEvents(
  db: Queryable,
  communityId: string | undefined,
  {
    before,
    limit,
    type,
    subject,
    actor,
  }: {
    before?: string | undefined;
    limit: number;
    type?: string | undefined;
    subject?: string | undefined;
    actor?: string | undefined;
  },
): Promise<JournalRow[]> {
  const whose =
    communityId === undefined ? 'community_id IS NULL AND $1::uuid IS NULL' : 'community_id = $1';
  return db.query<JournalRow>(
    `SELECT id::text, at, type, actor, subject, service_id AS "serviceId", details FROM events
     WHERE ${whose} AND ($2::bigint IS NULL OR id < $2) AND ($3::text IS NULL OR type = $3)
       AND ($4::uuid IS NULL OR subject = $4) AND ($5::text IS NULL OR actor = $5)
     ORDER BY events.id DESC LIMIT $6`,
    [communityId ?? null, before ?? null, type ?? null, subject ?? null, actor ?? null, limit],
  );
}
