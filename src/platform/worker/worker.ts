import type { Logger } from 'pino';
import type { ChangeFeed } from '../database/change-feed.ts';
import type { Database } from '../database/database.ts';
import type { Deliveries } from '../outbox/deliver-message.ts';
import { startOutboxWorker } from '../outbox/outbox-worker.ts';
import { createSignal } from '../timing/signal.ts';
import { runIfDue, type ScheduledTask } from './scheduled-task.ts';

/** Kinds of messages that are delivered apart from others, and how many of them at once. */
export type Queue = { deliveries: Deliveries; concurrency?: number };

/** How often each process asks whether anything of the schedule is due. */
const TICK_MS = 60_000;
/** What is due and cannot be done is not tried without pause. */
const SHORTEST_MS = 100;

/**
 * Delivers the outbox and keeps a schedule, beside any number of other processes. `stop()` returns when
 * nothing of it runs any more.
 */
export function runWork({
  database,
  feed,
  log,
  queues,
  tasks,
}: {
  database: Database;
  feed: Pick<ChangeFeed, 'on'>;
  log: Logger;
  queues: readonly Queue[];
  tasks: ScheduledTask[];
}): { stop(): Promise<void> } {
  const parts = queues.map(({ deliveries, ...limits }) =>
    startOutboxWorker({ database, feed, log, deliveries }, limits),
  );
  const schedule = keepSchedule(database, tasks, log);
  return {
    async stop() {
      await Promise.all([...parts, schedule].map((part) => part.stop()));
    },
  };
}

function keepSchedule(database: Database, scheduled: ScheduledTask[], log: Logger) {
  const stopping = new AbortController();
  const pause = createSignal();
  stopping.signal.addEventListener('abort', pause.raise);

  async function untilNext(): Promise<number> {
    let next = TICK_MS;
    for (const { name, comesIn } of scheduled) {
      try {
        next = Math.min(next, (await comesIn?.()) ?? TICK_MS);
      } catch (error) {
        log.error(
          { err: error, task: name },
          'when scheduled work is due is not known; it is looked for again',
        );
      }
    }
    return Math.max(next, SHORTEST_MS);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const task of scheduled) {
        if (stopping.signal.aborted) break;
        try {
          await runIfDue(database, task, { signal: stopping.signal });
        } catch (error) {
          log.error({ err: error, task: task.name }, 'scheduled work failed; it comes again');
        }
      }
      await pause.wait(await untilNext());
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
