import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createQueue } from './hash-queue.ts';

/** Enough to tell a guessable password; what a longer one adds is not counted. */
const LOOKED_AT = 40;
/** A password that takes longer to take apart is made of nothing that is known. */
const PATIENCE_MS = 4_000;
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
  const looked = [...password.normalize('NFKC')].slice(0, LOOKED_AT).join('');
  return inTurn(async () => {
    clearTimeout(idle);
    worker ??= startWorker();
    const thread = await worker;
    try {
      return await ask(thread, looked, words);
    } finally {
      idle = setTimeout(() => void end(), IDLE_MS).unref();
    }
  });
}

async function ask(thread: Worker, password: string, words: readonly string[]): Promise<number> {
  // While it answers, it keeps the process up; before and after, it does not.
  thread.ref();
  try {
    thread.postMessage({ password, words });
    const [score] = await once(thread, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return score;
  } catch (error) {
    await end();
    if ((error as Error).name === 'AbortError') return 4;
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
