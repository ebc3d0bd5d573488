import type { Logger } from 'pino';
import { whyAway } from '../database/availability.ts';

/** What is wrong, for the answer of `/readyz`: short, and of no use to a stranger. Undefined: all is well. */
export type Readiness = () => Promise<string | undefined>;

/** For how long an answer counts: whoever asks more often costs the database nothing. */
const KEEP_MS = 1_000;
/** Longer than this and the answer is no; the check may go on, and no other begins beside it. */
const LATEST_MS = 3_000;

/**
 * Whether this process can serve, looked up once a second at most, however many ask.
 * @param check resolves to what is wrong, if anything; one that fails is wrong, too
 */
export function createReadiness(
  check: Readiness,
  log: Logger,
  { keepMs = KEEP_MS, latestMs = LATEST_MS } = {},
): Readiness {
  let running: Promise<string | undefined> | undefined;
  let known: { fault: string | undefined; at: number } | undefined;

  async function look(): Promise<string | undefined> {
    try {
      return await check();
    } catch (error) {
      log.warn({ err: error, why: whyAway(error) }, 'not ready');
      return 'database unavailable';
    }
  }

  function lookOnce(): Promise<string | undefined> {
    running ??= look().then((fault) => {
      known = { fault, at: performance.now() };
      running = undefined;
      return fault;
    });
    return running;
  }

  return async () => {
    if (known !== undefined && performance.now() - known.at < keepMs) return known.fault;
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<string>((resolve) => {
      late = setTimeout(() => resolve('database unavailable'), latestMs);
    });
    return Promise.race([lookOnce(), tooLate]).finally(() => clearTimeout(late));
  };
}
