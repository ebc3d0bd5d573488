import ipaddr from 'ipaddr.js';
import type pg from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Sealer } from '../secrets/sealer.ts';

const MINUTE = 60;

/**
 * Failures that are let through, by whom they are counted for. A member on a device they signed in
 * with before is counted for that device alone: no stranger's guesses can lock them out.
 */
const LIMITS = {
  nameAndAddress: { points: 10, duration: 15 * MINUTE },
  accountAndDevice: { points: 10, duration: 15 * MINUTE },
  account: { points: 50, duration: 60 * MINUTE },
  /** What a fresh address may still try of an account that is under attack from everywhere. */
  besieged: { points: 3, duration: 60 * MINUTE },
  address: { points: 100, duration: 15 * MINUTE },
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

/** `first` tells the first refusal of a window from those that follow. */
export type Allowance =
  | { allowed: true }
  | { allowed: false; retryAfterSeconds: number; first: boolean };

export type SignInThrottle = {
  /** Counts an attempt before it is checked: parallel attempts cannot slip past each other. */
  attempt(attempt: Attempt): Promise<Allowance>;
  /** Takes back what a successful attempt counted. */
  succeeded(attempt: Attempt): Promise<void>;
};

/** Throttles kept in PostgreSQL: they survive a restart and are shared by all processes. */
export function createSignInThrottle(pool: pg.Pool, sealer: Sealer): SignInThrottle {
  const limiters = Object.fromEntries(
    Object.entries(LIMITS).map(([name, limit]) => [
      name,
      new RateLimiterPostgres({
        ...limit,
        storeClient: pool,
        storeType: 'pool',
        tableName: 'throttles',
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix: name,
      }),
    ]),
  ) as Record<keyof typeof LIMITS, RateLimiterPostgres>;

  type Counted = [limiter: RateLimiterPostgres, key: string];

  function keyOf(attempt: Attempt, ...parts: string[]): string {
    return sealer.digest('throttle', [attempt.communityId, ...parts].join('\0'));
  }

  function narrowLimits(attempt: Attempt): Counted[] {
    if (attempt.device !== undefined) {
      return [[limiters.accountAndDevice, keyOf(attempt, attempt.account, attempt.device)]];
    }
    const network = networkOf(attempt.ip);
    return [
      [limiters.address, keyOf(attempt, network)],
      [limiters.nameAndAddress, keyOf(attempt, attempt.name, network)],
    ];
  }

  const wideLimit = (attempt: Attempt): Counted => [
    limiters.account,
    keyOf(attempt, attempt.account),
  ];
  const besieged = (attempt: Attempt): Counted => [
    limiters.besieged,
    keyOf(attempt, attempt.account, networkOf(attempt.ip)),
  ];

  /** Attempts that were let through although the account is under attack from everywhere. */
  const besiegedAttempts = new WeakSet<Attempt>();

  return {
    async attempt(attempt) {
      // One after the other: an attempt that one limit stops is not counted by the next ones, or a
      // stranger at one address could use up what the account has everywhere.
      for (const limit of narrowLimits(attempt)) {
        const refusal = await consume(limit);
        if (refusal !== undefined) return refusal;
      }
      if (attempt.device !== undefined) return { allowed: true };
      const wide = await consume(wideLimit(attempt));
      if (wide === undefined) return { allowed: true };
      besiegedAttempts.add(attempt);
      return (await consume(besieged(attempt))) ?? { allowed: true };
    },
    async succeeded(attempt) {
      const counted = narrowLimits(attempt);
      if (attempt.device === undefined) counted.push(wideLimit(attempt));
      if (besiegedAttempts.has(attempt)) counted.push(besieged(attempt));
      await Promise.all(counted.map(([limiter, key]) => limiter.reward(key)));
    },
  };
}

async function consume([limiter, key]: [RateLimiterPostgres, string]): Promise<
  Extract<Allowance, { allowed: false }> | undefined
> {
  try {
    await limiter.consume(key);
    return undefined;
  } catch (outcome) {
    if (!(outcome instanceof RateLimiterRes)) throw outcome;
    return {
      allowed: false,
      retryAfterSeconds: Math.ceil(outcome.msBeforeNext / 1000),
      first: outcome.consumedPoints === limiter.points + 1,
    };
  }
}

/** IPv4 addresses as they are; of an IPv6 address the /64 that one household or attacker has whole. */
export function networkOf(ip: string): string {
  if (!ipaddr.isValid(ip)) return 'unknown';
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  return `${(address as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
