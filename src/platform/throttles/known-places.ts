import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import type { Sealer } from '../secrets/sealer.ts';
import { DAY } from '../time/units.ts';
import { roomFor } from '../work/cache-room.ts';

/** How long what proved itself at a place is known there. */
const KEPT = {
  /** An account, at the network or the app through which it signed in. */
  home: 30 * DAY,
  /** An app, at the network from which it proved its own secret. */
  app: 7 * DAY,
};
type Kind = keyof typeof KEPT;

/** A row is not written anew at every sign-in. */
const REFRESHED_AFTER_MS = 12 * 3_600_000;
const MAX_REFRESHED = 20_000;

/** Who proved themselves where: kept in PostgreSQL, for all processes, as digests that nobody can read. */
export type KnownPlaces = {
  remember(kind: Kind, ...about: readonly string[]): Promise<void>;
  isKnown(kind: Kind, ...about: readonly string[]): Promise<boolean>;
};

export function createKnownPlaces(pool: pg.Pool, sealer: Sealer): KnownPlaces {
  const fresh = new LRUCache<string, true>({
    ...roomFor(MAX_REFRESHED),
    ttl: REFRESHED_AFTER_MS,
  });
  const keyOf = (kind: Kind, about: readonly string[]) =>
    `${kind}:${sealer.digest('throttle', [kind, ...about].join('\0'))}`;

  return {
    async remember(kind, ...about) {
      const key = keyOf(kind, about);
      if (fresh.has(key)) return;
      await pool.query(
        `INSERT INTO throttles (key, points, expire) VALUES ($1, 0, $2)
         ON CONFLICT (key) DO UPDATE SET expire = EXCLUDED.expire`,
        [key, Date.now() + KEPT[kind] * 1000],
      );
      fresh.set(key, true);
    },
    async isKnown(kind, ...about) {
      const { rowCount } = await pool.query(
        'SELECT 1 FROM throttles WHERE key = $1 AND expire > $2',
        [keyOf(kind, about), Date.now()],
      );
      return rowCount === 1;
    },
  };
}
