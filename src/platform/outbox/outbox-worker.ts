import type { ChangeFeed } from '../database/change-feed.ts';
import { createSignal } from '../timing/signal.ts';
import { type DeliveryContext, deliverMessage } from './deliver-message.ts';
import { claimMessages, msUntilDue } from './outbox-store.ts';

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
  context: DeliveryContext & { feed: Pick<ChangeFeed, 'on'> },
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

  context.feed.on('trousseau_outbox', signal.raise);
  const running = run();
  return {
    async stop() {
      stopping.abort();
      signal.raise();
      await running;
    },
  };
}

const UNSTORED = 'the outcome of a delivery could not be stored; it will be made again';
