import { openChangeFeed } from '../database/change-feed.ts';
import { type DeliveryContext, deliverMessage } from './deliver-message.ts';
import { claimMessages, msUntilDue } from './outbox-store.ts';
import { createSignal, type Signal } from './signal.ts';

export type OutboxWorker = { stop(): Promise<void> };

/** Deliveries at once in this process: mostly waiting for others' servers. */
const CONCURRENCY = 16;
/** Announcements wake the worker; this is for those that were missed. */
const POLL_MS = 15_000;
/** While what is due is being delivered by others, or the database is away. */
const SHORT_WAIT_MS = 500;

/**
 * Delivers what is in the outbox, side by side with the workers of other processes, each message by
 * one of them. Outlives restarts of the database. `stop()` takes nothing new and waits for what is in
 * flight (an attempt is over in seconds).
 */
export function startOutboxWorker(
  context: DeliveryContext,
  { concurrency = CONCURRENCY }: { concurrency?: number } = {},
): OutboxWorker {
  const signal = createSignal();
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();
  const kinds = Object.keys(context.deliveries);

  async function claimAndStart(): Promise<number> {
    const free = concurrency - inFlight.size;
    if (free === 0) return POLL_MS;
    const claimed = await claimMessages(context.database, { kinds, limit: free });
    for (const message of claimed) {
      const delivery = deliverMessage(context, message)
        .catch((error) => context.log.error({ err: error, message: message.id }, UNSTORED))
        .finally(() => {
          inFlight.delete(delivery);
          signal.raise();
        });
      inFlight.add(delivery);
    }
    if (claimed.length === free) return POLL_MS;
    const ms = await msUntilDue(context.database, kinds);
    return Math.min(Math.max(ms ?? POLL_MS, SHORT_WAIT_MS), POLL_MS);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let waitMs = SHORT_WAIT_MS;
      try {
        waitMs = await claimAndStart();
      } catch (error) {
        context.log.warn({ err: error }, 'the outbox could not be read; trying again');
      }
      if (!stopping.signal.aborted) await signal.wait(waitMs);
    }
    await Promise.all(inFlight);
  }

  const running = run();
  const listening = listen(context, signal, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      signal.raise();
      await Promise.all([running, listening]);
    },
  };
}

const UNSTORED = 'the outcome of a delivery could not be stored; it will be made again';

/** Wakes the worker as soon as a message is queued, until `stopping`. */
async function listen(
  { database, log }: DeliveryContext,
  signal: Signal,
  stopping: AbortSignal,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (stopping.aborted) resolve();
    stopping.addEventListener('abort', () => resolve());
  });
  while (!stopping.aborted) {
    try {
      const feed = await openChangeFeed({
        connection: database.connection,
        channels: ['trousseau_outbox'],
      });
      feed.on('trousseau_outbox', signal.raise);
      // What was queued before the feed was open.
      signal.raise();
      await stopped;
      await feed.close();
    } catch (error) {
      log.warn({ err: error }, 'the outbox cannot be listened to; it is polled');
      const pause = createSignal();
      stopping.addEventListener('abort', pause.raise, { once: true });
      await pause.wait(SHORT_WAIT_MS);
      stopping.removeEventListener('abort', pause.raise);
    }
  }
}
