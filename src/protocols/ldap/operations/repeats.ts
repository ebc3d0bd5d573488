import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Tells a wrong password that was tried a moment ago by the same, from a new one. */
export type Repeats = { isRepeat(who: string, password: Buffer): boolean };

const WITHIN_MS = 10_000;
const MAX_REMEMBERED = 10_000;

export function createRepeats(): Repeats {
  const key = randomBytes(32);
  const last = new LRUCache<string, Buffer>({ max: MAX_REMEMBERED, ttl: WITHIN_MS });
  return {
    isRepeat(who, password) {
      const digest = createHmac('sha256', key).update(password).digest();
      const before = last.get(who);
      if (before !== undefined && timingSafeEqual(before, digest)) {
        // Twice is an app's habit; a third time counts.
        last.delete(who);
        return true;
      }
      last.set(who, digest);
      return false;
    },
  };
}
