import { createHashThreads, type HashThreads } from '../../src/domain/people/hash-threads.ts';
import {
  createStrengthMeter,
  type StrengthMeter,
} from '../../src/domain/people/password-strength.ts';

const threads = createHashThreads();
const known = new Map<string, Promise<boolean>>();

/**
 * The hashing of the product, for all hubs of a worker: whether a password is that of a hash is worked out once, and
 * remembered. Most tests sign somebody in who has the factories' password, a few thousand times.
 */
export const REMEMBERED_HASHES: HashThreads = {
  hash: threads.hash,
  verify(hash, password) {
    const pair = `${hash}\0${password}`;
    const before = known.get(pair);
    if (before !== undefined) return before;
    const matches = threads.verify(hash, password);
    known.set(pair, matches);
    matches.catch(() => known.delete(pair));
    return matches;
  },
  // Others' hubs use them, too; they keep no process up.
  stop: () => Promise.resolve(),
};

const meter = createStrengthMeter();
let weighed: Promise<unknown> = Promise.resolve();

/** What weighs passwords, for all hubs of a worker, one at a time: its word lists take most of a second to read. */
export const SHARED_METER: StrengthMeter = {
  strength(password, words) {
    const turn = weighed.then(() => meter.strength(password, words));
    weighed = turn.catch(() => {});
    return turn;
  },
  stop: () => Promise.resolve(),
};
