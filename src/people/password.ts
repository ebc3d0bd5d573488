import { availableParallelism } from 'node:os';
import type { Algorithm } from '@node-rs/argon2';
import { createQueue } from './hash-queue.ts';
import { argon2Hash, argon2Verify } from './hash-threads.ts';

/** OWASP's parameters for Argon2id: 19 MiB, 2 passes, 1 lane. */
const PARAMETERS = {
  algorithm: 2 as Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
};
const CURRENT = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** Longest password that is hashed, in UTF-8 bytes; longer ones are refused before hashing. */
export const PASSWORD_MAX_BYTES = 1024;

/**
 * Hashing never takes the last core, and libuv's threads, which sign tokens, are left out of it: while
 * many people sign in at once, everybody else is served as before.
 */
const inTurn = createQueue(Math.min(3, Math.max(1, availableParallelism() - 1)));

/** An Argon2id hash in PHC format. Made in another thread: the event loop stays free. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => argon2Hash(password.normalize('NFKC'), PARAMETERS));
}

export type PasswordCheck = { matches: boolean; needsRehash: boolean };

// The hash of a random password: unknown accounts cost what known ones cost.
let decoy: Promise<string> | undefined;

/**
 * Checks a password against a PHC hash; without a hash it spends the same time and says no
 * (invariant 6: no oracle).
 */
export async function checkPassword(
  phc: string | null | undefined,
  password: string,
): Promise<PasswordCheck> {
  const tooLong = Buffer.byteLength(password) > PASSWORD_MAX_BYTES;
  decoy ??= hashPassword(crypto.randomUUID());
  const usable = phc !== null && phc !== undefined && !tooLong;
  let matches = false;
  try {
    const against = usable ? phc : await decoy;
    matches = await inTurn(() => argon2Verify(against, tooLong ? '' : password.normalize('NFKC')));
  } catch {
    matches = false;
  }
  return { matches: usable && matches, needsRehash: usable && matches && !CURRENT.test(phc) };
}

/** Whether a text is an Argon2 hash in PHC format, as `passwordHash` of the declarative file takes it. */
export function isPasswordHash(value: string): boolean {
  const cost =
    /^\$argon2(?:id|i|d)\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/.exec(
      value,
    );
  if (cost === null) return false;
  // A hash that costs more than a sign-in may take would keep everybody waiting.
  const [memory, passes, lanes] = cost.slice(1).map(Number) as [number, number, number];
  return memory <= 262_144 && passes <= 10 && lanes <= 8;
}
