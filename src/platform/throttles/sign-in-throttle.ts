import type pg from 'pg';
import type { Sealer } from '../secrets/sealer.ts';
import {
  type Allowance,
  type Counted,
  consumeAll,
  createLimiters,
  DAY,
  giveBack,
  HOUR,
  MINUTE,
} from './limiter.ts';
import { neighbourhoodOf, networkOf } from './network.ts';

/**
 * Failures that are let through, by whom they are counted for. A member on a device they signed in
 * with before is counted for that device alone: no stranger's guesses can lock them out.
 */
const LIMITS = {
  address: { points: 100, duration: 15 * MINUTE },
  neighbourhood: { points: 300, duration: 15 * MINUTE },
  nameAndAddress: { points: 10, duration: 15 * MINUTE },
  accountAndDevice: { points: 10, duration: 15 * MINUTE },
  account: { points: 50, duration: HOUR },
  /** What a fresh address may still try of an account that is under attack from everywhere … */
  besieged: { points: 3, duration: HOUR },
  /** … and what all of them may, which ends the attack of whoever has very many. */
  besiegedAccount: { points: 300, duration: DAY },
} as const;

export type Attempt = {
  communityId: string;
  /** What was typed, folded: what one address may try must not tell which names lead to one account. */
  name: string;
  /** The account that is tried: its subject, or the typed name where there is none. */
  account: string;
  /** The visitor's address; IPv6 counts by its /64. */
  ip: string;
  /** A device the account signed in with before. */
  device?: string;
};

export type SignInThrottle = {
  /** Counts an attempt before it is checked: parallel attempts cannot slip past each other. */
  attempt(attempt: Attempt): Promise<Allowance>;
  /** Takes back what a successful attempt counted. */
  succeeded(attempt: Attempt): Promise<void>;
};

/** Throttles of passwords: by address, neighbourhood, typed name and account. */
export function createSignInThrottle(pool: pg.Pool, sealer: Sealer): SignInThrottle {
  const limiters = createLimiters(pool, LIMITS);

  function count(name: keyof typeof LIMITS, attempt: Attempt, ...about: string[]): Counted {
    const key = [attempt.communityId, ...about].join('\0');
    return [limiters[name], sealer.digest('throttle', key)];
  }

  function narrowLimits(attempt: Attempt): Counted[] {
    const { account, device, name, ip } = attempt;
    if (device !== undefined) return [count('accountAndDevice', attempt, account, device)];
    const network = networkOf(ip);
    return [
      count('address', attempt, network),
      count('neighbourhood', attempt, neighbourhoodOf(ip)),
      count('nameAndAddress', attempt, name, network),
    ];
  }

  const wideLimit = (attempt: Attempt): Counted => count('account', attempt, attempt.account);
  const besiegedLimits = (attempt: Attempt): Counted[] => [
    count('besieged', attempt, attempt.account, networkOf(attempt.ip)),
    count('besiegedAccount', attempt, attempt.account),
  ];

  /** Attempts that were let through although the account is under attack from everywhere. */
  const besiegedAttempts = new WeakSet<Attempt>();

  return {
    async attempt(attempt) {
      const refusal = await consumeAll(narrowLimits(attempt));
      if (refusal !== undefined) return refusal;
      if (attempt.device !== undefined) return { allowed: true };
      if ((await consumeAll([wideLimit(attempt)])) === undefined) return { allowed: true };
      besiegedAttempts.add(attempt);
      return (await consumeAll(besiegedLimits(attempt))) ?? { allowed: true };
    },
    async succeeded(attempt) {
      const counted = narrowLimits(attempt);
      if (attempt.device === undefined) counted.push(wideLimit(attempt));
      if (besiegedAttempts.has(attempt)) counted.push(...besiegedLimits(attempt));
      await giveBack(counted);
    },
  };
}
