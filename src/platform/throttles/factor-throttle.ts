import type pg from 'pg';
import type { Sealer } from '../secrets/sealer.ts';
import { DAY, HOUR, MINUTE } from '../time/units.ts';
import { type Allowance, type Counted, consumeAll, createLimiters, refund } from './limiter.ts';
import { neighbourhoodOf, networkOf } from './network.ts';

/**
 * Wrong codes that are let through. Three codes of a million count at any time (RFC 6238 section 5.2),
 * so that thirty a day find one in a hundred, with a year's patience, about three times; who has the
 * password, and only they, can use up the tries of devices that are not known.
 */
const LIMITS = {
  factorAddress: { points: 60, duration: 15 * MINUTE },
  factorNeighbourhood: { points: 200, duration: 15 * MINUTE },
  /** What each person still may beyond that: one who guesses does not keep out who is beside them. */
  factorBesieged: { points: 3, duration: HOUR },
  factorHour: { points: 10, duration: HOUR },
  factorDay: { points: 30, duration: DAY },
  factorDeviceHour: { points: 10, duration: HOUR },
  factorDeviceDay: { points: 30, duration: DAY },
} as const;

export type FactorAttempt = {
  /**
   * The codes are the person's, whichever community is asked: their tries are counted together. Whoever
   * gets here has their password, which says as much.
   */
  personId: string;
  ip: string;
  /** A device the account signed in with before: it has its own tries. */
  device?: string | undefined;
};

export type FactorThrottle = {
  /**
   * Counts a try of anything that can be guessed as a second factor (codes of an app, recovery codes),
   * before it is checked; all kinds and all ways in share the tries. A passkey's signature cannot be
   * guessed and needs no leave.
   */
  factor(attempt: FactorAttempt): Promise<Allowance>;
  /** Takes back what a right answer counted. */
  factorSucceeded(attempt: FactorAttempt): Promise<void>;
};

export function createFactorThrottle(pool: pg.Pool, sealer: Sealer): FactorThrottle {
  const limiters = createLimiters(pool, LIMITS);

  function count(name: keyof typeof LIMITS, ...about: string[]): Counted {
    return [limiters[name], sealer.digest('throttle', about.join('\0'))];
  }

  function ofPerson({ personId, device }: FactorAttempt): Counted[] {
    if (device === undefined) return [count('factorHour', personId), count('factorDay', personId)];
    return [
      count('factorDeviceHour', personId, device),
      count('factorDeviceDay', personId, device),
    ];
  }
  const ofPlace = ({ ip }: FactorAttempt): Counted[] => [
    count('factorAddress', networkOf(ip)),
    count('factorNeighbourhood', neighbourhoodOf(ip)),
  ];
  const besieged = ({ personId, ip }: FactorAttempt): Counted[] => [
    count('factorBesieged', personId, networkOf(ip)),
  ];
  const besiegedAttempts = new WeakSet<FactorAttempt>();

  return {
    async factor(attempt) {
      // What stops one person is not counted for everybody beside them.
      const refusal = await consumeAll(ofPerson(attempt));
      if (refusal !== undefined) return refusal;
      if (attempt.device !== undefined) return { allowed: true };
      if ((await consumeAll(ofPlace(attempt))) === undefined) return { allowed: true };
      besiegedAttempts.add(attempt);
      return (await consumeAll(besieged(attempt))) ?? { allowed: true };
    },
    async factorSucceeded(attempt) {
      const counted = ofPerson(attempt);
      if (besiegedAttempts.has(attempt)) counted.push(...besieged(attempt));
      else if (attempt.device === undefined) counted.push(...ofPlace(attempt));
      await refund(counted);
    },
  };
}
