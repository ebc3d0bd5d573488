import type { ChangeFeed } from '../../../platform/database/change-feed.ts';
import { LdapError, RESULT } from '../protocol/result.ts';

/** How long something may be known to have changed and still be answered from, in milliseconds. */
const TOLERATED_MS = 150;
/** How long an operation waits for the database before it says that there is none (row 16). */
const TIMEOUT_MS = 3_000;
/** How long it waits while what it needs is being read, the first time: a large directory takes seconds. */
const FIRST_READ_TIMEOUT_MS = 20_000;
const RETRY_MS = 200;

/**
 * Keeps something in memory in step with what the database announces. It is current while the feed
 * vouches for it and no announcement waits for longer than a moment (invariant 4).
 */
export type Follower = {
  /** Something was announced: it is read as soon as what is being read now has come. */
  mark(): void;
  /** Announcements may have been missed: nothing is answered before all has been read again. */
  invalidate(): void;
  isCurrent(): boolean;
  /** @throws LdapError `unavailable` or `busy`, when it does not become current in time */
  becomeCurrent(): Promise<void>;
  /** Resolves when everything marked so far has been read. */
  caughtUp(): Promise<void>;
  stop(): void;
};

export function follow(
  feed: Pick<ChangeFeed, 'isLive'>,
  refresh: () => Promise<void>,
  onError: (error: unknown) => void,
): Follower {
  let markedAt: number | undefined;
  let readingSince: number | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let loaded = false;
  /** Moves with each doubt: what was being read by then does not count. */
  let doubts = 0;

  async function run(): Promise<void> {
    while (markedAt !== undefined && !stopped) {
      readingSince = markedAt;
      markedAt = undefined;
      const before = doubts;
      try {
        await refresh();
        loaded ||= doubts === before;
        readingSince = undefined;
      } catch (error) {
        markedAt = readingSince;
        onError(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  function start(): void {
    if (stopped) return;
    running ??= run().finally(() => {
      running = undefined;
      if (markedAt !== undefined) start();
    });
  }

  function isCurrent(): boolean {
    if (!loaded || !feed.isLive()) return false;
    const oldest = readingSince ?? markedAt;
    return oldest === undefined || performance.now() - oldest < TOLERATED_MS;
  }

  function mark(): void {
    markedAt ??= performance.now();
    start();
  }

  return {
    mark,
    invalidate() {
      loaded = false;
      doubts += 1;
      mark();
    },
    isCurrent,
    async becomeCurrent() {
      const started = performance.now();
      while (!isCurrent()) {
        const timeout = feed.isLive() && !loaded ? FIRST_READ_TIMEOUT_MS : TIMEOUT_MS;
        const left = started + timeout - performance.now();
        if (left <= 0 || stopped) {
          throw feed.isLive()
            ? new LdapError(RESULT.busy, 'the directory is being read; try again')
            : new LdapError(RESULT.unavailable, 'the database is away; try again later');
        }
        // The feed tells nobody when it is back: ask again in a moment.
        const wait = new Promise((resolve) => setTimeout(resolve, Math.min(left, 50)));
        await (running === undefined ? wait : Promise.race([running, wait]));
      }
    },
    async caughtUp() {
      while (running !== undefined) await running;
    },
    stop() {
      stopped = true;
    },
  };
}
