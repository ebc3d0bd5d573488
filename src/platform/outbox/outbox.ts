import type { Transaction } from '../database/database.ts';

/**
 * What each kind of message carries. Empty here: whoever queues a kind adds it to this interface (`declare
 * module`), so that the kinds are a closed list without the queue knowing them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging
export interface OutboxKinds {}

/** Kinds that are the hub's own, and no community's: they are added here, too. */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging
export interface HubOutboxKinds {}

export type OutboxKind = keyof OutboxKinds & string;

/** A message of one kind, or of any. */
export type OutboxMessage<Kind extends OutboxKind = OutboxKind> = {
  [Each in Kind]: {
    kind: Each;
    communityId: Each extends keyof HubOutboxKinds ? null : string;
    payload: OutboxKinds[Each];
  };
}[Kind];

/** A message of a community. */
export type CommunityMessage = OutboxMessage<Exclude<OutboxKind, keyof HubOutboxKinds>>;

/** Queues messages in the transaction of the change that causes them; workers send them after it commits. */
export async function enqueue(tx: Transaction, messages: readonly OutboxMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await tx.query(enqueueSql('$1'), [outboxRows(messages)]);
  await tx.wrote('outbox', messages.length);
}

/** The statement that queues; `rows` is the SQL of a JSON array made by `outboxRows`. */
export function enqueueSql(rows: string): string {
  return `INSERT INTO outbox (community_id, kind, payload)
     SELECT community_id, kind, payload FROM jsonb_to_recordset(${rows}::jsonb)
       AS m (community_id uuid, kind text, payload jsonb)`;
}

/** Messages as the parameter of `enqueueSql`. */
export function outboxRows(messages: readonly OutboxMessage[]): string {
  return JSON.stringify(
    messages.map((m) => ({ community_id: m.communityId, kind: m.kind, payload: m.payload })),
  );
}
