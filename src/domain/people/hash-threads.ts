import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Options } from '@node-rs/argon2';
import { threadOptions } from '../../platform/work/thread-options.ts';
import type { HashAnswer, HashOrder } from './hash-thread.ts';

/**
 * Hashes in threads of our own, of a lower priority than the one that serves: where processors are few,
 * a hash would otherwise take them from it for a dozen milliseconds at a time.
 */
export type HashThreads = {
  hash(password: string, parameters: Options): Promise<string>;
  /** Whether a password is that of a hash, of ours or of another system's. */
  verify(hash: string, password: string): Promise<boolean>;
  stop(): Promise<void>;
};

export function createHashThreads(): HashThreads {
  /** Threads that have nothing to do; as many are made as were ever needed at once. */
  const free: Worker[] = [];

  async function order(message: HashOrder): Promise<string | boolean> {
    const thread =
      free.pop() ?? new Worker(new URL('./hash-thread.ts', import.meta.url), threadOptions());
    // While it answers, it keeps the process up; before and after, it does not.
    thread.ref();
    try {
      thread.postMessage(message);
      const [answer] = (await once(thread, 'message')) as [HashAnswer];
      thread.unref();
      free.push(thread);
      if ('fault' in answer) throw new Error(answer.fault);
      return answer.value;
    } catch (error) {
      if (!free.includes(thread)) await thread.terminate();
      throw error;
    }
  }

  return {
    hash: async (password, parameters) => (await order({ hash: password, parameters })) as string,
    verify: async (hash, password) => (await order({ verify: hash, password })) as boolean,
    stop: async () => {
      await Promise.all(free.splice(0).map((thread) => thread.terminate()));
    },
  };
}
