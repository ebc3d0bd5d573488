import type { Queryable } from '../database/database.ts';
import type { EventType } from './record-event.ts';

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

/** What of a trail is asked for; what is absent does not count. */
export type EventFilter = {
  /** Beginnings of types, such as `group.`, or whole ones. */
  types?: readonly string[] | undefined;
  /** Types that are left out. */
  without?: readonly EventType[] | undefined;
  /** Whom it concerns, or who did it. */
  subject?: string | undefined;
  from?: Date | undefined;
  /** Up to this time, which is not in it. */
  until?: Date | undefined;
};

/**
 * The trail of a community, the newest first.
 * @param before the id of the last one of the page before
 */
export function listEvents(
  db: Queryable,
  communityId: string,
  { types, without = [], subject, from, until }: EventFilter,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<(EventRow & { subject: string | null })[]> {
  const values: unknown[] = [];
  const value = (one: unknown) => `$${values.push(one)}`;
  const where = [`community_id = ${value(communityId)}`];
  if (types !== undefined) {
    const patterns = types.map((type) => (type.endsWith('.') ? `${type}%` : type));
    where.push(`type LIKE ANY(${value(patterns)}::text[])`);
  }
  // Written out, as the index that has no others wants it.
  if (without.length > 0)
    where.push(
      `type NOT IN (${without.map((type) => `'${type.replaceAll("'", "''")}'`).join(', ')})`,
    );
  if (subject !== undefined)
    where.push(`(subject = ${value(subject)} OR actor = ${value(`member:${subject}`)})`);
  if (from !== undefined) where.push(`at >= ${value(from)}`);
  if (until !== undefined) where.push(`at < ${value(until)}`);
  if (before !== undefined) where.push(`id < ${value(before)}::bigint`);
  return db.query(
    `SELECT id::text, at, type, actor, subject, service_id AS "serviceId", details FROM events
     WHERE ${where.join(' AND ')} ORDER BY events.id DESC LIMIT ${value(limit)}`,
    values,
  );
}

/**
 * What happened at the hub itself, the newest first.
 * @param type whole; without it, all of them
 * @param before the id of the last one of the page before
 */
export function listHubEvents(
  db: Queryable,
  type: string | undefined,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<(EventRow & { subject: null })[]> {
  return db.query(
    `SELECT id::text, at, type, actor, subject, service_id AS "serviceId", details FROM events
     WHERE community_id IS NULL AND ($1::text IS NULL OR type = $1) AND ($2::bigint IS NULL OR id < $2)
     ORDER BY events.id DESC LIMIT $3`,
    [type ?? null, before ?? null, limit],
  );
}
