import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BusyError } from '../../platform/errors/busy-error.ts';
import { normalForm } from '../../platform/text/normal-form.ts';

/** Enough to tell a guessable password; what a longer one adds is not counted, and would take its square of time. */
const LOOKED_AT = 32;
/** For as long as a form may wait; some passwords can be taken apart in a great many ways. */
const TIMEOUT_MS = 4_000;
/** What is looked at of those. */
const BEGINNING = 18;
/** The word lists take some 70 MB, and are needed now and then: they go when nobody asks. */
const IDLE_MS = 60_000;

export type StrengthMeter = {
  /**
   * How hard a password is to guess, as zxcvbn says: 0 (at once) to 4 (very). It runs in a thread of its own:
   * some passwords take it a second or more. One at a time: they would share that thread.
   * @param words that an attacker would try first: the person's names, the community's
   * @throws BusyError when there was no end even to its beginning: what was not weighed is not let through
   */
  strength(password: string, words: readonly string[]): Promise<number>;
  stop(): Promise<void>;
};

export function createStrengthMeter(): StrengthMeter {
  let worker: Promise<Worker> | undefined;
  let idle: NodeJS.Timeout | undefined;

  /** @returns the score; undefined when there was no end to it */
  async function ask(password: string, words: readonly string[]): Promise<number | undefined> {
    worker ??= startWorker();
    const thread = await worker;
    // While it answers, it keeps the process up; before and after, it does not.
    thread.ref();
    try {
      thread.postMessage({ password, words });
      const [score] = await once(thread, 'message', { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return score;
    } catch (error) {
      await stop();
      if ((error as Error).name === 'AbortError') return undefined;
      throw error;
    } finally {
      thread.unref();
    }
  }

  async function startWorker(): Promise<Worker> {
    const thread = new Worker(new URL('./strength-worker.ts', import.meta.url), { env: {} });
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
        const score = await ask(looked.join(''), words);
        const found = score ?? (await ask(looked.slice(0, BEGINNING).join(''), words));
        if (found === undefined) throw new BusyError('a password could not be weighed in time');
        return found;
      } finally {
        idle = setTimeout(() => void stop(), IDLE_MS).unref();
      }
    },
    stop,
  };
}
