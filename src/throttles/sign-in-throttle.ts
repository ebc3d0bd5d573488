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
  accountAndAddress: { points: 10, duration: 15 * MINUTE },
  accountAndDevice: { points: 10, duration: 15 * MINUTE },
  account: { points: 50, duration: 60 * MINUTE },
  address: { points: 100, duration: 15 * MINUTE },
} as const;

export type Attempt = {
  communityId: string;
  /** The account that is tried: its subject, or the typed name where there is none. */
  account: string;
  /** The visitor's address; IPv6 counts by its /64. */
  ip: string;
  /** A device the account signed in with before. */
  device?: string;
};

export type SignInThrottle = {
  /** Counts an attempt before it is checked: parallel attempts cannot slip past each other. */
  attempt(
    attempt: Attempt,
  ): Promise<{ allowed: true } | { allowed: false; retryAfterSeconds: number }>;
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

  function keysOf(attempt: Attempt): [RateLimiterPostgres, string][] {
    const key = (...parts: string[]) =>
      sealer.digest('throttle', [attempt.communityId, ...parts].join('\0'));
    const network = networkOf(attempt.ip);
    if (attempt.device !== undefined)
      return [[limiters.accountAndDevice, key(attempt.account, attempt.device)]];
    return [
      [limiters.address, key(network)],
      [limiters.accountAndAddress, key(attempt.account, network)],
      [limiters.account, key(attempt.account)],
    ];
  }

  return {
    async attempt(attempt) {
      // One after the other: an attempt that one limit stops is not counted by the next ones, or a
      // stranger at one address could use up what the account has everywhere.
      for (const [limiter, key] of keysOf(attempt)) {
        try {
          await limiter.consume(key);
        } catch (outcome) {
          if (!(outcome instanceof RateLimiterRes)) throw outcome;
          return { allowed: false, retryAfterSeconds: Math.ceil(outcome.msBeforeNext / 1000) };
        }
      }
      return { allowed: true };
    },
    async succeeded(attempt) {
      await Promise.all(keysOf(attempt).map(([limiter, key]) => limiter.reward(key)));
    },
  };
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
