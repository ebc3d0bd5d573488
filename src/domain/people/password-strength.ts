import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BusyError } from '../../platform/errors/busy-error.ts';
import { normalForm } from '../../platform/text/normal-form.ts';
import { threadOptions } from '../../platform/work/thread-options.ts';

/** Enough to tell a guessable password; what a longer one adds is not counted, and would take its square of time. */
const LOOKED_AT = 24;
/** Of the words, the longest; more than anybody's names come to. */
const MAX_WORDS = 64;
/** Of a processor, for one turn in all: several times what the worst password takes. */
const TURN_MS = 1_000;
/** As long as a form may wait for it, where the machine has more to do. */
const WAIT_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** The word lists take some 70 MB, and are needed now and then: they go when nobody asks. */
const IDLE_MS = 60_000;

export type StrengthMeter = {
  /**
   * How hard a password is to guess, as zxcvbn says: 0 (at once) to 4 (very). It runs in a thread of its own:
   * some passwords take it a fifth of a second. One at a time: they would share that thread.
   * @param words that an attacker would try first: the person's names, the community's; the longest first
   * @throws BusyError when it was not done in time: what was not weighed is not let through
   */
  strength(password: string, words: readonly string[]): Promise<number>;
  stop(): Promise<void>;
};

/** What one password may take, in milliseconds; then the thread goes, whatever it is at. */
type Turn = {
  /** Of a processor; nothing is known of that where Node cannot tell (before 24.6). */
  turnMs: number;
  /** By the clock. */
  waitMs: number;
};

export function createStrengthMeter({
  turnMs = TURN_MS,
  waitMs = WAIT_MS,
}: Partial<Turn> = {}): StrengthMeter {
  let worker: Promise<Worker> | undefined;
  let idle: NodeJS.Timeout | undefined;

  async function ask(password: string, words: readonly string[]): Promise<number> {
    worker ??= startWorker();
    const thread = await worker;
    const turn = beginTurn(thread, { turnMs, waitMs });
    // While it answers, it keeps the process up; before and after, it does not.
    thread.ref();
    try {
      thread.postMessage({ password, words });
      const [score] = await once(thread, 'message', { signal: turn.signal });
      return score;
    } catch (error) {
      await stop();
      if ((error as Error).name !== 'AbortError') throw error;
      throw new BusyError('a password could not be weighed in time');
    } finally {
      turn.end();
      thread.unref();
    }
  }

  async function startWorker(): Promise<Worker> {
    const thread = new Worker(new URL('./strength-worker.ts', import.meta.url), threadOptions());
    try {
      await once(thread, 'message');
    } catch (error) {
      worker = undefined;
      throw error;
    }
    thread.unref();
    return thread;
  }

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    await (await ending)?.terminate();
  }

  return {
    async strength(password, words) {
      const looked = [...normalForm(password, 'NFKC')].slice(0, LOOKED_AT);
      clearTimeout(idle);
      try {
        return await ask(looked.join(''), words.slice(0, MAX_WORDS));
      } finally {
        idle = setTimeout(() => void stop(), IDLE_MS).unref();
      }
    },
    stop,
  };
}

/** `signal` is aborted when the thread has had its time, or is gone. */
function beginTurn(thread: Worker, { turnMs, waitMs }: Turn): { signal: AbortSignal; end(): void } {
  const over = new AbortController();
  let before: number | undefined;
  const begun = performance.now();
  const look = async () => {
    // The clock first: a thread that is at work may be long in telling.
    if (performance.now() - begun > waitMs) return over.abort();
    const now = await processorTime(thread);
    if (now === undefined) return;
    before ??= now;
    if (now - before > turnMs) over.abort();
  };
  const lookSafely = () => void look().catch(() => over.abort());
  lookSafely();
  const looking = setInterval(lookSafely, Math.min(turnMs, waitMs, LOOK_EVERY_MS));
  return { signal: over.signal, end: () => clearInterval(looking) };
}

/** Milliseconds of a processor that a thread has had; undefined where Node cannot tell (before 24.6). */
async function processorTime(thread: Worker): Promise<number | undefined> {
  if (typeof thread.cpuUsage !== 'function') return undefined;
  const { user, system } = await thread.cpuUsage();
  return (user + system) / 1_000;
}
