import type pg from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';

/** `points` are let through in `duration` seconds, which begin with the first. */
export type Limit = { points: number; duration: number };

/** `first` tells the first refusal of a window from those that follow. */
export type Allowance =
  | { allowed: true }
  | { allowed: false; retryAfterSeconds: number; first: boolean };
export type Refusal = Extract<Allowance, { allowed: false }>;

/** A limit and what is counted by it. */
export type Counted = [limiter: RateLimiterPostgres, key: string];

/** Limiters kept in PostgreSQL, one for each limit: they survive a restart and are shared by all processes. */
export function createLimiters<Name extends string>(
  pool: pg.Pool,
  limits: Record<Name, Limit>,
): Record<Name, RateLimiterPostgres> {
  const made = Object.entries<Limit>(limits).map(([name, limit]) => [
    name,
    new RateLimiterPostgres({
      ...limit,
      storeClient: pool,
      storeType: 'pool',
      tableName: 'throttles',
      tableCreated: true,
      // The worker deletes what has expired.
      clearExpiredByTimeout: false,
      keyPrefix: name,
    }),
  ]);
  return Object.fromEntries(made);
}

/**
 * Counts by each limit, one after the other: what one limit stops is not counted by the next ones, or a
 * stranger at one address could use up what somebody has everywhere.
 */
export async function consumeAll(counted: readonly Counted[]): Promise<Refusal | undefined> {
  for (const limit of counted) {
    const refusal = await consume(limit);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

export async function consume([limiter, key]: Counted): Promise<Refusal | undefined> {
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

/** Whether a limit is used up; nothing is counted, and no row written. */
export async function isSpent([limiter, key]: Counted): Promise<boolean> {
  const found = await limiter.get(key);
  return found !== null && found.consumedPoints >= limiter.points;
}

/** Whether one of these is used up; one after the other, as they are counted. */
export async function isAnySpent(counted: readonly Counted[]): Promise<boolean> {
  for (const limit of counted) if (await isSpent(limit)) return true;
  return false;
}

/** Takes back what was counted. */
export async function refund(counted: readonly Counted[]): Promise<void> {
  await Promise.all(counted.map(([limiter, key]) => limiter.reward(key)));
}
