import { constants, getPriority, platform, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, type Options } from '@node-rs/argon2';
import { readArgon2 } from './foreign-hashes/argon2.ts';
import { type ForeignHash, HashFault } from './foreign-hashes/foreign-hash.ts';

// A thread of `hash-threads.ts`: hashes what it is sent, behind everything else that this process does.
// On Linux a priority is a thread's own; elsewhere it would be the whole process's.
if (platform() === 'linux') {
  setPriority(0, Math.max(getPriority(0), constants.priority.PRIORITY_BELOW_NORMAL));
}

export type HashOrder =
  | { hash: string; parameters: Options }
  /** A hash of ours or of another system's, and the password that it may be of. */
  | { verify: string; password: string };
export type HashAnswer = { value: string | boolean } | { fault: string };

/** Most hashes are ours. Reading the other kinds is loaded for the first of them: it takes longer than a hash. */
async function read(hash: string): Promise<ForeignHash | HashFault> {
  const found = readArgon2(hash);
  if (found !== undefined) return found;
  const { readForeignHash } = await import('./foreign-hashes/read-foreign-hash.ts');
  return readForeignHash(hash);
}

async function answer(order: HashOrder): Promise<HashAnswer> {
  try {
    if ('hash' in order) return { value: hashSync(order.hash, order.parameters) };
    const found = await read(order.verify);
    return { value: !(found instanceof HashFault) && found.check(order.password) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

parentPort?.on('message', async (order: HashOrder) => {
  parentPort?.postMessage(await answer(order));
});
