import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { roomFor } from '../../../platform/work/cache-room.ts';

/**
 * Tells a wrong password that the same name was tried with of late from a new one: it tells a guesser nothing
 * more. A telephone with an old password behind a mail server brings the same one all day.
 */
export type Repeats = { isRepeat(who: string, password: Buffer): boolean };

const WITHIN_MS = 15 * 60_000;
const MAX_REMEMBERED = 10_000;
/** Of one name: as many devices have an old password of their own. */
const EACH = 4;

export function createRepeats(): Repeats {
  const key = randomBytes(32);
  const last = new LRUCache<string, readonly string[]>({
    ...roomFor(MAX_REMEMBERED),
    ttl: WITHIN_MS,
  });
  return {
    isRepeat(who, password) {
      // A name may be as long as whoever tries it likes: of each, as much is kept.
      const name = createHmac('sha256', key).update(who).digest('base64');
      const digest = createHmac('sha256', key).update(who).update('\0').update(password);
      const text = digest.digest('base64');
      const before = last.get(name) ?? [];
      // Both move to the front: whoever goes on trying is remembered.
      last.set(name, [text, ...before.filter((each) => each !== text)].slice(0, EACH));
      return before.includes(text);
    },
  };
}
