import type { Transaction } from '../database/database.ts';

/** Who did it: a member (subject), an operator (id), a program by a token of the API (id), or the hub itself. */
export type Actor =
  | `member:${string}`
  | `operator:${string}`
  | `token:${string}`
  | 'cli'
  | 'apply'
  | 'hub'
  | 'anonymous';

/**
 * The details of each type of event; `undefined` for one that needs none. Empty here: each noun adds its own to
 * this interface (`declare module`), so that the types are a closed list. A type is a noun and a past
 * participle, such as `member.suspended`; details never hold a secret, token or password.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging
export interface EventDetails {}

export type EventType = keyof EventDetails & string;

/** What happened, of one type or of any, without where and by whom. */
export type Told<Type extends EventType = EventType> = {
  [Each in Type]: undefined extends EventDetails[Each]
    ? { type: Each; details?: EventDetails[Each] }
    : { type: Each; details: EventDetails[Each] };
}[Type];

export type AuditEvent<Type extends EventType = EventType> = Told<Type> & {
  /** Undefined for an event of the hub. */
  communityId?: string;
  actor: Actor;
  /** The member concerned. */
  subject?: string;
  serviceId?: string;
};

/** Writes events in the transaction of the change they tell of (invariant 3). */
export async function recordEvents(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(recordEventsSql('$1'), [eventRows(events)]);
  await tx.wrote('events', events.length);
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
