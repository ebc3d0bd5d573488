import type { Transaction } from '../database/database.ts';

/** Who did it: a member (subject), an operator (id), or the hub itself. */
export type Actor =
  | `member:${string}`
  | `operator:${string}`
  | 'cli'
  | 'apply'
  | 'hub'
  | 'anonymous';

export type AuditEvent = {
  /** Undefined for an event of the hub. */
  communityId?: string;
  /** Noun and past participle, such as `member.suspended` or `session.opened`. */
  type: string;
  actor: Actor;
  /** The member concerned. */
  subject?: string;
  serviceId?: string;
  /** Never a secret, token or password. */
  details?: Record<string, unknown>;
};

/** Writes events in the transaction of the change they tell of (invariant 3). */
export async function recordEvents(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(recordEventsSql('$1'), [eventRows(events)]);
}

/** The statement that writes events; `rows` is the SQL of a JSON array made by `eventRows`. */
export function recordEventsSql(rows: string): string {
  return `INSERT INTO events (community_id, type, actor, subject, service_id, details)
     SELECT community_id, type, actor, subject, service_id, details FROM jsonb_to_recordset(${rows}::jsonb)
       AS e (community_id uuid, type text, actor text, subject uuid, service_id uuid, details jsonb)`;
}

/** Events as the parameter of `recordEventsSql`. */
export function eventRows(events: readonly AuditEvent[]): string {
  return JSON.stringify(
    events.map((event) => ({
      community_id: event.communityId,
      type: event.type,
      actor: event.actor,
      subject: event.subject,
      service_id: event.serviceId,
      details: event.details ?? {},
    })),
  );
}
