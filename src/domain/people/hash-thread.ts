import { constants, getPriority, platform, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, type Options, verifySync } from '@node-rs/argon2';
import { readForeignHash } from './foreign-hashes.ts';

// A thread of `hash-threads.ts`: hashes what it is sent, behind everything else that this process does.
// On Linux a priority is a thread's own; elsewhere it would be the whole process's.
if (platform() === 'linux') {
  setPriority(0, Math.max(getPriority(0), constants.priority.PRIORITY_BELOW_NORMAL));
}

export type HashOrder =
  | { hash: string; parameters: Options }
  /** A PHC string, and the password that it may be of. */
  | { verify: string; password: string }
  /** A hash of another system's, and the password that it may be of. */
  | { foreign: string; password: string };
export type HashAnswer = { value: string | boolean } | { fault: string };

function answer(order: HashOrder): HashAnswer {
  try {
    return 'hash' in order
      ? { value: hashSync(order.hash, order.parameters) }
      : 'foreign' in order
        ? { value: readForeignHash(order.foreign)?.check(order.password) ?? false }
        : { value: verifySync(order.verify, order.password) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

parentPort?.on('message', (order: HashOrder) => parentPort?.postMessage(answer(order)));
