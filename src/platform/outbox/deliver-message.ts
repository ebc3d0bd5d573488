import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { recordEvents } from '../events/record-event.ts';
import type { OutboxKind } from './outbox.ts';
import { type Claimed, markDone, markFailed, postpone } from './outbox-store.ts';
import { MAX_ATTEMPTS, nextDelay, type Outcome } from './retry-policy.ts';

/**
 * How each kind of message is delivered; a process that does not know a kind leaves it to others. A repeat
 * must be harmless: a crash may follow the delivery.
 */
export type Deliveries = {
  [Kind in OutboxKind]?: (message: Claimed<Kind>) => Promise<Outcome>;
};

export type DeliveryContext = { database: Database; deliveries: Deliveries; log: Logger };

const WRITE_TRIES = 6;

/** Makes one attempt at a claimed message, outside of any transaction, and stores what came of it. */
export async function deliverMessage(
  context: DeliveryContext,
  message: Claimed,
  now?: Date,
): Promise<void> {
  const outcome = await attempt(context, message);
  await insist(() => store(context, message, outcome, now));
}

async function attempt({ deliveries, log }: DeliveryContext, message: Claimed): Promise<Outcome> {
  // Every process that took it died before it could tell.
  if (message.attempts > MAX_ATTEMPTS) return { state: 'refused', reason: 'no attempt ever ended' };
  try {
    const deliver = deliveries[message.kind] as (message: Claimed) => Promise<Outcome>;
    return await deliver(message);
  } catch (error) {
    log.error({ err: error, message: message.id }, 'an outbox message could not be attempted');
    return { state: 'retry', reason: `internal error: ${(error as Error).name}` };
  }
}

async function store(
  { database, log }: DeliveryContext,
  message: Claimed,
  outcome: Outcome,
  now?: Date,
): Promise<void> {
  const about = { message: message.id, kind: message.kind, attempts: message.attempts };
  if (outcome.state === 'done') {
    await markDone(database, message);
    log.debug(about, 'delivered');
    return;
  }
  const { reason } = outcome;
  const delayMs = nextDelay(message.attempts, outcome);
  if (delayMs !== undefined) {
    await postpone(database, message, { reason, delayMs, now });
    log.info(
      { ...about, reason, retryInSeconds: Math.round(delayMs / 1_000) },
      'not delivered yet',
    );
    return;
  }
  await database.transaction(async (tx) => {
    if (!(await markFailed(tx, message, reason))) return;
    const { communityId, id, kind } = message;
    const details = { message: id, kind, reason };
    const where = communityId === null ? {} : { communityId };
    await recordEvents(tx, [{ ...where, type: 'message.undelivered', actor: 'hub', details }]);
  });
  log.warn({ ...about, reason }, 'gave up a delivery');
}

/** Writes through a restart of the database, for as long as the lease lasts. */
async function insist(write: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries === WRITE_TRIES) throw error;
      await delay(250 * 2 ** tries);
    }
  }
}
