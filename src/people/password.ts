import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Algorithm } from '@node-rs/argon2';
import { readForeignHash } from './foreign-hashes.ts';
import { createQueue } from './hash-queue.ts';
import { argon2Hash, argon2Verify, foreignVerify } from './hash-threads.ts';

/** OWASP's parameters for Argon2id: 19 MiB, 2 passes, 1 lane. */
const PARAMETERS = {
  algorithm: 2 as Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
};
const ARGON2 = /^\$argon2/;
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
 * Checks a password against a PHC hash of Argon2's, or a hash of another system's; without a hash it spends
 * the same time and says no (invariant 6: no oracle).
 */
export async function checkPassword(
  hash: string | null | undefined,
  password: string,
): Promise<PasswordCheck> {
  const started = performance.now();
  const tooLong = Buffer.byteLength(password) > PASSWORD_MAX_BYTES;
  decoy ??= hashPassword(crypto.randomUUID());
  const usable = hash !== null && hash !== undefined && !tooLong;
  const against = usable ? hash : await decoy;
  let matches = false;
  try {
    matches = await inTurn(() => verify(against, tooLong ? '' : password));
  } catch {
    matches = false;
  }
  if (!usable || !matches) {
    await keepUpAppearances(started);
    return { matches: false, needsRehash: false };
  }
  return { matches, needsRehash: !CURRENT.test(hash) };
}

/** Other systems hash what was typed; we hash its normal form, and their Argon2 looks like ours. */
async function verify(hash: string, password: string): Promise<boolean> {
  if (!ARGON2.test(hash)) return foreignVerify(hash, password);
  const normal = password.normalize('NFKC');
  if (await argon2Verify(hash, normal)) return true;
  return normal !== password && argon2Verify(hash, password);
}

/**
 * How long a wrong password takes at a hash, in milliseconds, or at none: the longest one, which costs some
 * kinds more than a short one.
 */
export async function costOfRefusal(hash?: string): Promise<number> {
  decoy ??= hashPassword(crypto.randomUUID());
  const against = hash ?? (await decoy);
  const refuse = () => verify(against, 'x'.repeat(PASSWORD_MAX_BYTES)).catch(() => false);
  // The first one may have to start a thread.
  await inTurn(refuse);
  const started = performance.now();
  await inTurn(refuse);
  return performance.now() - started;
}

/** How long a refusal takes at least, in milliseconds: 0 where all hashes cost the same. */
let floor = 0;

/**
 * While accounts have hashes of other systems, which cost more or less than ours, every refusal takes as
 * long as the dearest of them: how long one waits does not tell whether there is an account
 * (docs/decisions/0012-foreign-password-hashes.md).
 */
export function holdRefusalsTo(milliseconds: number): void {
  floor = milliseconds;
}

/** How long a refusal takes at least now, in milliseconds. */
export function refusalsHeldTo(): number {
  return floor;
}

async function keepUpAppearances(started: number): Promise<void> {
  if (floor === 0) return;
  const passed = performance.now() - started;
  // On a machine too busy for that, the next step: the time still tells nothing.
  await delay(floor * Math.max(1, Math.ceil(passed / floor)) - passed);
}

/** Whether a hash is one of ours, with today's parameters: what each other becomes at the next sign-in. */
export function isOfToday(hash: string): boolean {
  return CURRENT.test(hash);
}

/** Whether a text is a hash that a sign-in can check: Argon2 in PHC format, or another system's. */
export function isPasswordHash(value: string): boolean {
  return isArgon2Hash(value) || (!ARGON2.test(value) && readForeignHash(value) !== undefined);
}

function isArgon2Hash(value: string): boolean {
  const cost =
    /^\$argon2(?:id|i|d)\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/.exec(
      value,
    );
  if (cost === null) return false;
  // A hash that costs more than a sign-in may take would keep everybody waiting.
  const [memory, passes, lanes] = cost.slice(1).map(Number) as [number, number, number];
  return memory * passes <= 800_000 && passes <= 10 && lanes <= 8;
}
