import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Algorithm } from '@node-rs/argon2';
import { kindOf } from './foreign-hashes/hash-kind.ts';
import { createQueue } from './hash-queue.ts';
import { argon2Hash, verifyHash } from './hash-threads.ts';

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

/**
 * Checks a password against a PHC hash of Argon2's, or a hash of another system's; without a hash it spends
 * the same time and says no (invariant 6: no oracle).
 */
export async function checkPassword(
  hash: string | null | undefined,
  password: string,
): Promise<PasswordCheck> {
  const started = performance.now();
  const isTooLong = Buffer.byteLength(password) > PASSWORD_MAX_BYTES;
  const against = isTooLong ? undefined : (hash ?? undefined);
  const others = await decoys(against);
  const matches = await inTurn(async () => {
    const fits = against !== undefined && (await verify(against, password));
    if (!fits) for (const decoy of others) await verify(decoy, isTooLong ? '' : password);
    return fits;
  });
  if (!matches || against === undefined) {
    await keepUpAppearances(started);
    return { matches: false, needsRehash: false };
  }
  return { matches, needsRehash: !isOfToday(against) };
}

async function verify(hash: string, password: string): Promise<boolean> {
  try {
    return await verifyHash(hash, password);
  } catch {
    return false;
  }
}

/**
 * How long a wrong password takes at a hash, in milliseconds, or at ours: the longest one, which costs some
 * kinds more than a short one. What others have the machine do meanwhile counts as little as can be.
 */
export async function costOfRefusal(hash?: string): Promise<number> {
  const against = hash ?? (await ownDecoy());
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 3; time += 1) {
    const took = await inTurn(async () => {
      const started = performance.now();
      await verify(against, 'x'.repeat(PASSWORD_MAX_BYTES));
      return performance.now() - started;
    });
    least = Math.min(least, took);
  }
  return least;
}

/** A hash of another system's, and what it has in common with all that cost about the same. */
export type ForeignKind = { kind: string; hash: string };

let refusals: { floor: number; kinds: readonly ForeignKind[] } = { floor: 0, kinds: [] };

/**
 * While accounts have hashes of other systems, which cost more or less than ours, every refusal does the
 * work of one hash of each kind, and is answered at whole multiples of the floor: neither how long one waits
 * oneself, nor how long others wait behind it, tells whether there is an account
 * (docs/decisions/0012-foreign-password-hashes.md).
 * @param floor milliseconds; 0 where all hashes cost the same
 */
export function evenOutRefusals(floor: number, kinds: readonly ForeignKind[] = []): void {
  refusals = { floor, kinds };
}

/** How long a refusal takes at least now, in milliseconds. */
export function refusalsHeldTo(): number {
  return refusals.floor;
}

let made: Promise<string> | undefined;

/** The hash of a random password: unknown accounts cost what known ones cost. */
function ownDecoy(): Promise<string> {
  made ??= hashPassword(crypto.randomUUID());
  return made;
}

/** One hash of each kind there is but the given one's: what its refusal is still to cost. */
async function decoys(hash: string | undefined): Promise<string[]> {
  const { kinds } = refusals;
  const isOurs = hash !== undefined && CURRENT.test(hash);
  const kind = hash === undefined || isOurs ? undefined : kindOf(hash).kind;
  const others = kinds.filter((one) => one.kind !== kind).map((one) => one.hash);
  return isOurs ? others : [await ownDecoy(), ...others];
}

async function keepUpAppearances(started: number): Promise<void> {
  const { floor } = refusals;
  if (floor === 0) return;
  const passed = performance.now() - started;
  await delay(floor * Math.max(1, Math.ceil(passed / floor)) - passed);
}

/** Whether a hash is one of ours, with today's parameters: what each other becomes at the next sign-in. */
export function isOfToday(hash: string): boolean {
  return CURRENT.test(hash);
}
