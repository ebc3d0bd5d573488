import type pg from 'pg';
import type { Sealer } from '../secrets/sealer.ts';
import { DAY, HOUR, MINUTE } from '../time/units.ts';
import { createKnownPlaces } from './known-places.ts';
import {
  type Allowance,
  type Counted,
  consume,
  createLimiters,
  isAnySpent,
  isSpent,
  type Refusal,
  refund,
} from './limiter.ts';
import { neighbourhoodOf, networkOf } from './network.ts';

/**
 * Failures that are let through, by whom they are counted for. A member on a device they signed in with before
 * is counted for that device alone: no stranger's guesses can lock them out.
 */
const LIMITS = {
  accountAndDevice: { points: 10, duration: 15 * MINUTE },
  /** One name at one address, or through one service. */
  nameAndAddress: { points: 10, duration: 15 * MINUTE },
  nameAndService: { points: 10, duration: 15 * MINUTE },
  /** All names at one place … */
  address: { points: 100, duration: 15 * MINUTE },
  neighbourhood: { points: 300, duration: 15 * MINUTE },
  app: { points: 200, duration: 15 * MINUTE },
  /**
   * … and what is still looked at of each account's name beyond that, in case it is right: many people may be
   * there. No limit stands over all of these: one guesser would use it up for everybody.
   */
  strangersName: { points: 3, duration: HOUR },
  strangersNameDay: { points: 10, duration: DAY },
  /** One account, from everywhere. */
  account: { points: 50, duration: HOUR },
  /** What a fresh place may still try of an account that is under attack from everywhere … */
  besieged: { points: 3, duration: HOUR },
  /** … and what all of them may, which ends the attack of whoever has very many. */
  besiegedAccount: { points: 300, duration: DAY },
  /** What an account may where it signed in before, once anybody else would be refused. */
  home: { points: 5, duration: HOUR },
  homeDay: { points: 30, duration: DAY },
} as const;

export type Attempt = {
  communityId: string;
  /** What was typed, folded: what one address may try must not tell which names lead to one account. */
  name: string;
  /** The account that is tried: its subject, or the typed name where there is none. */
  account: string;
  /** Set where nobody has the name: beyond a place's limit there is nothing to look at. */
  isNobody?: boolean;
  /** The visitor's address; IPv6 counts by its /64. */
  ip: string;
  /** A device the account signed in with before. */
  device?: string;
  /**
   * Set where it comes through an app of the community that proved itself, be it on this connection, as a service,
   * or from this address: what others do there is not the app's.
   */
  app?: App;
};

export type App = { service?: string };

/**
 * `besieged`: there were too many failures around this attempt. It is let through in case it is right; if it
 * is wrong it is to be answered as this refusal is, in the time that one takes.
 */
export type AttemptAllowance = Allowance | { allowed: true; besieged: Refusal };

export type SignInThrottle = {
  /** Counts an attempt before it is checked: parallel attempts cannot slip past each other. */
  attempt(attempt: Attempt): Promise<AttemptAllowance>;
  /** Takes back what a successful attempt counted: the account is at home where it succeeded. */
  succeeded(attempt: Attempt): Promise<void>;
  /** Takes back what an attempt counted that told a guesser nothing. */
  uncount(attempt: Attempt): Promise<void>;
  /** An app proved its own secret from an address: people come through it from there. */
  appSucceeded(app: { communityId: string; ip: string }): Promise<void>;
  /** Whether an app of the community proved itself at an address. */
  isAppAt(place: { communityId: string; ip: string }): Promise<boolean>;
};

type Limited = [name: keyof typeof LIMITS, ...about: string[]];

/** Throttles of passwords: by name and place, by place, and by account. */
export function createSignInThrottle(pool: pg.Pool, sealer: Sealer): SignInThrottle {
  const limiters = createLimiters(pool, LIMITS);
  const places = createKnownPlaces(pool, sealer);
  /** What each attempt counted, to be taken back. */
  const counted = new WeakMap<Attempt, Counted[]>();

  const counterOf = (attempt: Attempt, [name, ...about]: Limited): Counted => [
    limiters[name],
    sealer.digest('throttle', [attempt.communityId, ...about].join('\0')),
  ];

  /** Counts by each limit, one after the other, until one of them stops the attempt. */
  async function count(attempt: Attempt, ...limits: Limited[]): Promise<Refusal | undefined> {
    for (const limited of limits) {
      const limit = counterOf(attempt, limited);
      counted.get(attempt)?.push(limit);
      const refusal = await consume(limit);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  async function isLetInAtHome(attempt: Attempt): Promise<boolean> {
    const { communityId, account } = attempt;
    const { place } = placesOf(attempt);
    if (!(await places.isKnown('home', communityId, account, place))) return false;
    const refusal = await count(attempt, ['home', account, place], ['homeDay', account, place]);
    return refusal === undefined;
  }

  async function attemptAnywhere(attempt: Attempt): Promise<AttemptAllowance> {
    const { account, name, app, ip } = attempt;
    const { place, crowd } = placesOf(attempt);
    const nameThere: Limited = [
      app?.service === undefined ? 'nameAndAddress' : 'nameAndService',
      name,
      place,
    ];
    const crowdThere: Limited[] =
      app === undefined
        ? [
            ['address', crowd],
            ['neighbourhood', neighbourhoodOf(ip)],
          ]
        : [['app', crowd]];
    let isAtHome: boolean | undefined;
    const atHome = async () => {
      isAtHome ??= await isLetInAtHome(attempt);
      return isAtHome;
    };

    // Where all is used up, a name that was made up is to leave no row.
    const isCrowded = await isAnySpent(crowdThere.map((limited) => counterOf(attempt, limited)));
    if (!isCrowded) {
      // Narrow limits go first: what they stop is not counted by the wide ones, which stop others, too.
      const ofName = await count(attempt, nameThere);
      if (ofName !== undefined) return ofName;
    }
    const ofPlace = await count(attempt, ...crowdThere);
    if (ofPlace !== undefined) {
      // Whatever stops one here is told in the same words, or they would tell which names somebody has.
      if (attempt.isNobody || (isCrowded && (await isSpent(counterOf(attempt, nameThere)))))
        return ofPlace;
      const ofStranger = await count(
        attempt,
        ['strangersName', name, place],
        ['strangersNameDay', name, place],
      );
      if (ofStranger !== undefined && !(await atHome())) return ofPlace;
    }

    let besieged = ofPlace;
    const ofAccount = await count(attempt, ['account', account]);
    if (ofAccount !== undefined) {
      const ofFresh = await count(
        attempt,
        ['besieged', account, place],
        ['besiegedAccount', account],
      );
      if (ofFresh !== undefined && !(await atHome())) return ofPlace ?? ofFresh;
      if (ofFresh !== undefined) besieged ??= ofFresh;
    }
    return besieged === undefined ? { allowed: true } : { allowed: true, besieged };
  }

  async function uncount(attempt: Attempt): Promise<void> {
    await refund(counted.get(attempt) ?? []);
    counted.delete(attempt);
  }

  return {
    async attempt(attempt) {
      counted.set(attempt, []);
      if (attempt.device === undefined) return attemptAnywhere(attempt);
      const { account, device } = attempt;
      return (await count(attempt, ['accountAndDevice', account, device])) ?? { allowed: true };
    },
    uncount,
    async succeeded(attempt) {
      const { communityId, account } = attempt;
      await Promise.all([
        uncount(attempt),
        places.remember('home', communityId, account, placesOf(attempt).place),
      ]);
    },
    appSucceeded: ({ communityId, ip }) => places.remember('app', communityId, networkOf(ip)),
    isAppAt: ({ communityId, ip }) => places.isKnown('app', communityId, networkOf(ip)),
  };
}

/**
 * Where an attempt comes from: what is counted for one name there, and for all. An app at an address and the web
 * share what they count for a name, since it may be one guesser; and not what they count for all, since they are
 * different people.
 */
function placesOf({ app, ip }: Attempt): { place: string; crowd: string } {
  const place = app?.service === undefined ? networkOf(ip) : `service ${app.service}`;
  return { place, crowd: app === undefined ? place : `app ${place}` };
}
