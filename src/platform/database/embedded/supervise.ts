import { setTimeout as sleep } from 'node:timers/promises';
import type { FileLock } from './file-lock.ts';
import type { Site } from './place-cluster.ts';
import { ensurePostmaster, type Log } from './postmaster.ts';
import { isPostmaster, type PostmasterFile } from './postmaster-file.ts';
import { boundLog } from './server-log.ts';
import type { Settings } from './settings.ts';

/** All in milliseconds. */
const LOOK_EVERY = 200;
const FIRST_DELAY = 250;
const LONGEST_DELAY = 10_000;
/** A PostgreSQL that lived this long was well: its end starts the back-off anew. */
const LIVED_WELL = 30_000;

/**
 * Starts PostgreSQL again whenever it ends, at once the first time, then with growing delays. It watches
 * the process, not the child: so an orphan of an earlier hub is looked after in the same way.
 * @returns stops watching, and waits until a start under way is over
 */
export function supervise(
  site: Site,
  settings: Settings,
  first: PostmasterFile,
  log: Log,
  lockGate: () => Promise<FileLock>,
): () => Promise<void> {
  const stop = new AbortController();
  const done = watch().catch((error: Error) => {
    if (!stop.signal.aborted) log.warn(`The database is no longer supervised: ${error.message}`);
  });

  async function watch(): Promise<void> {
    let { pid } = first;
    let delay = 0;
    let startedAt = performance.now();
    for (;;) {
      await pause(LOOK_EVERY);
      if (await isPostmaster(pid, site.cluster)) {
        await boundLog(site.logFile);
        continue;
      }
      if (performance.now() - startedAt > LIVED_WELL) delay = 0;
      log.warn('PostgreSQL ended unexpectedly; starting it again');
      await pause(delay);
      delay = Math.min(Math.max(FIRST_DELAY, delay * 2), LONGEST_DELAY);
      pid = (await restart()) ?? pid;
      startedAt = performance.now();
    }
  }

  async function restart(): Promise<number | undefined> {
    try {
      const gate = await lockGate();
      try {
        const postmaster = await ensurePostmaster(site, settings, log, {
          endpoint: first.endpoint,
          signal: stop.signal,
        });
        log.info('PostgreSQL is back');
        return postmaster.pid;
      } finally {
        gate.release();
      }
    } catch (error) {
      if (!stop.signal.aborted) log.warn((error as Error).message);
      return undefined;
    }
  }

  function pause(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: stop.signal, ref: false });
  }

  return async () => {
    stop.abort();
    await done;
  };
}
