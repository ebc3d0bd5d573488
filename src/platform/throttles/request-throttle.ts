import type pg from 'pg';
import type { Sealer } from '../secrets/sealer.ts';
import { nameKey } from '../text/names.ts';
import { DAY, HOUR } from '../time/units.ts';
import { type Allowance, type Counted, consumeAll, createLimiters, isAnySpent } from './limiter.ts';
import { neighbourhoodOf, networkOf } from './network.ts';

/**
 * What is let through of requests that anybody may make. `address` and `neighbourhood` count for the whole
 * hub; `nameAndAddress` and `name` for one community.
 */
const LIMITS = {
  registration: {
    address: { points: 30, duration: HOUR },
    neighbourhood: { points: 100, duration: HOUR },
    name: { points: 6, duration: HOUR },
  },
  /** Without a proof of work: a browser without scripts, or a program. */
  'registration-unsolved': {
    address: { points: 3, duration: HOUR },
    neighbourhood: { points: 10, duration: HOUR },
    name: { points: 6, duration: HOUR },
  },
  /** Challenges that are made. */
  challenge: {
    address: { points: 300, duration: HOUR },
    neighbourhood: { points: 1_000, duration: HOUR },
  },
  /** Answers that are looked at. Apart: asking takes no form, and must not use up what a form needs. */
  'challenge-answer': {
    address: { points: 300, duration: HOUR },
    neighbourhood: { points: 1_000, duration: HOUR },
  },
  /** Wide: a whole workshop may come in by one invitation, from behind one address. */
  invitation: {
    address: { points: 150, duration: HOUR },
    neighbourhood: { points: 300, duration: HOUR },
  },
  recovery: {
    address: { points: 20, duration: HOUR },
    neighbourhood: { points: 60, duration: HOUR },
    nameAndAddress: { points: 5, duration: HOUR },
    /** Wide: a stranger must not keep the member from asking. Mails are paced by the account besides. */
    name: { points: 60, duration: HOUR },
  },
  /** Tries of a link that was sent: 256 bits, so that only the work is bounded. */
  link: {
    address: { points: 60, duration: HOUR },
    neighbourhood: { points: 300, duration: HOUR },
  },
  /** Wrong tokens of the API: 256 bits, so that only the work is bounded. Right ones are not counted here. */
  'wrong-token': {
    address: { points: 120, duration: HOUR },
    neighbourhood: { points: 600, duration: HOUR },
  },
  /** A member's own address to be verified; the name is their subject. */
  verification: {
    name: { points: 20, duration: DAY },
  },
} as const satisfies Record<string, Partial<Record<Scope, { points: number; duration: number }>>>;

type Scope = 'address' | 'neighbourhood' | 'nameAndAddress' | 'name';
export type RequestKind = keyof typeof LIMITS;

export type ThrottledRequest = {
  communityId: string;
  ip: string;
  /**
   * What was typed (a name, an e-mail address) or whom it is for: it is folded here. What was typed counts,
   * not whether somebody is known by it.
   */
  name?: string;
};

export type RequestThrottle = {
  /** Counts a request before anything else is done for it. Nothing is given back. */
  request(kind: RequestKind, request: ThrottledRequest): Promise<Allowance>;
};

export function createRequestThrottle(pool: pg.Pool, sealer: Sealer): RequestThrottle {
  const all = Object.entries(LIMITS).map(([kind, limits]) => {
    const named = Object.entries(limits).map(([scope, limit]) => [`${kind}-${scope}`, limit]);
    return createLimiters(pool, Object.fromEntries(named));
  });
  const limiters = Object.assign({}, ...all) as ReturnType<typeof createLimiters<string>>;

  return {
    async request(kind, { communityId, ip, name }) {
      const folded = name === undefined ? undefined : nameKey(name.trim().slice(0, 320));
      // What is asked again and again for one name is not counted for all who are at the same address.
      const about: Record<Scope, (string | undefined)[]> = {
        nameAndAddress: [communityId, folded, networkOf(ip)],
        address: [networkOf(ip)],
        neighbourhood: [neighbourhoodOf(ip)],
        name: [communityId, folded],
      };
      const counted = (scopes: readonly string[]) =>
        Object.entries(about).flatMap(([scope, parts]): Counted[] => {
          const limiter = limiters[`${kind}-${scope}`];
          if (limiter === undefined || !scopes.includes(scope) || parts.includes(undefined))
            return [];
          return [[limiter, sealer.digest('throttle', parts.join('\0'))]];
        });
      // Where a place has used up all, what was typed there is to leave no row.
      const places = counted(['address', 'neighbourhood']);
      const isCrowded = await isAnySpent(places);
      return (
        (await consumeAll(isCrowded ? places : counted(Object.keys(about)))) ?? { allowed: true }
      );
    },
  };
}
