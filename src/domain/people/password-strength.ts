import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createQueue } from './hash-queue.ts';

/** Enough to tell a guessable password; what a longer one adds is not counted. */
const LOOKED_AT = 40;
/** For as long as a form may wait; some passwords can be taken apart in a great many ways. */
const PATIENCE_MS = 4_000;
/** What is looked at of those. */
const BEGINNING = 18;
/** The word lists take some 70 MB, and are needed now and then: they go when nobody asks. */
const IDLE_MS = 60_000;

let worker: Promise<Worker> | undefined;
let idle: NodeJS.Timeout | undefined;

/** One after the other: they share one thread. */
const inTurn = createQueue(1);

/**
 * How hard a password is to guess, as zxcvbn says: 0 (at once) to 4 (very). It runs in a thread of its
 * own: some passwords take it a second or more.
 * @param words that an attacker would try first: the person's names, the community's
 */
export function passwordStrength(password: string, words: readonly string[]): Promise<number> {
  const looked = [...password.normalize('NFKC')].slice(0, LOOKED_AT);
  return inTurn(async () => {
    clearTimeout(idle);
    try {
      const score = await ask(looked.join(''), words);
      // Whose beginning takes as long is made of nothing that is known.
      return score ?? (await ask(looked.slice(0, BEGINNING).join(''), words)) ?? 4;
    } finally {
      idle = setTimeout(() => void end(), IDLE_MS).unref();
    }
  });
}

/** @returns the score; undefined when there was no end to it */
async function ask(password: string, words: readonly string[]): Promise<number | undefined> {
  worker ??= startWorker();
  const thread = await worker;
  // While it answers, it keeps the process up; before and after, it does not.
  thread.ref();
  try {
    thread.postMessage({ password, words });
    const [score] = await once(thread, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return score;
  } catch (error) {
    await end();
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

async function end(): Promise<void> {
  const ending = worker;
  worker = undefined;
  await (await ending)?.terminate();
}
