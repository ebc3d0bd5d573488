import { LRUCache } from 'lru-cache';
import { TooManyError } from '../errors/too-many-error.ts';
import { HOUR, MINUTE } from '../time/units.ts';
import { roomFor } from '../work/cache-room.ts';
import { neighbourhoodOf, networkOf } from './network.ts';

/**
 * Who has something stored: somebody whom nobody knows yet, a member, an app that proved itself, or a program that
 * asks by a token of its tenant.
 */
export type Storer =
  | { ip: string }
  | { member: string }
  | { app: string }
  | { token: string; tenant: string };

export type FloodLimits = {
  /** Seconds in which so many are let through. */
  window: number;
  network: number;
  neighbourhood: number;
  member: number;
  app: number;
  /** Requests by a token, and by all of a tenant's. */
  token: number;
  tenant: number;
  /** Of strangers altogether: beyond it nobody is refused, but what they leave is kept more shortly. */
  strangers: number;
};

/** Wide enough for a morning in which everybody behind one address signs in to everything. */
const LIMITS: FloodLimits = {
  window: 10 * MINUTE,
  network: 1_200,
  neighbourhood: HOUR,
  member: 600,
  app: 12_000,
  token: 3_000,
  tenant: 9_000,
  strangers: 20_000,
};
/** Networks that are remembered; whoever has more is slowed by the work alone. */
const MAX_KEYS = 50_000;

/**
 * Bounds what requests have the database store that anybody may send, and that are answered too often for
 * each to be counted there: the counting itself would be the flood. Each process counts for itself.
 */
export type FloodGuard = {
  /** Counts rows before they are stored. @throws TooManyError */
  admit(storer: Storer, rows: number): void;
  /** Whether strangers altogether have more stored than usual. */
  isFlooded(): boolean;
};

export function createFloodGuard({
  limits: given = {},
  now = Date.now,
}: {
  limits?: Partial<FloodLimits>;
  now?: () => number;
} = {}): FloodGuard {
  const limits = { ...LIMITS, ...given };
  const windowMs = limits.window * 1000;
  const counts = new LRUCache<string, { rows: number; until: number }>(roomFor(MAX_KEYS));
  const inAll = { rows: 0, until: 0 };

  const restart = (count: { rows: number; until: number }) => {
    if (now() < count.until) return;
    count.rows = 0;
    count.until = now() + windowMs;
  };
  const countOf = (key: string) => {
    let count = counts.get(key);
    if (count === undefined) {
      count = { rows: 0, until: 0 };
      counts.set(key, count);
    }
    restart(count);
    return count;
  };

  return {
    admit(storer, rows) {
      const counted = limitsOf(storer, limits).map(([key, most]) => ({
        most,
        count: countOf(key),
      }));
      for (const { most, count } of counted) {
        if (count.rows + rows <= most) continue;
        const seconds = Math.ceil((count.until - now()) / 1000);
        throw new TooManyError('too many requests are being kept', seconds);
      }
      for (const { count } of counted) count.rows += rows;
      if (!('ip' in storer)) return;
      restart(inAll);
      inAll.rows += rows;
    },
    isFlooded: () => now() < inAll.until && inAll.rows > limits.strangers,
  };
}

function limitsOf(storer: Storer, limits: FloodLimits): [key: string, most: number][] {
  if ('member' in storer) return [[`member ${storer.member}`, limits.member]];
  if ('app' in storer) return [[`app ${storer.app}`, limits.app]];
  if ('token' in storer)
    return [
      [`token ${storer.token}`, limits.token],
      [`tenant ${storer.tenant}`, limits.tenant],
    ];
  return [
    [`network ${networkOf(storer.ip)}`, limits.network],
    [`neighbourhood ${neighbourhoodOf(storer.ip)}`, limits.neighbourhood],
  ];
}
