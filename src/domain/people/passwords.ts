import { availableParallelism } from 'node:os';
import { createAdmission, type Place } from '../../platform/work/admission.ts';
import { createFairTurns } from '../../platform/work/fair-turns.ts';
import { kindOf } from './foreign-hashes/hash-kind.ts';
import { createHashThreads, type HashThreads } from './hash-threads.ts';
import {
  hashedForm,
  isOfToday,
  isTooLong,
  PARAMETERS,
  PASSWORD_MAX_BYTES,
  type PasswordCheck,
} from './password.ts';
import { createStrengthMeter, type StrengthMeter } from './password-strength.ts';

/** Pieces of work that may wait: a community's own are done within a few seconds, whatever comes. */
const LIMITS = { inAll: 384, ofTenant: 128 };
/** What one member may ask for at once; and one network or app, which may be many people. */
const MOST = { member: 2, many: 100 };

/** Who asks for work on a password. */
export type PasswordAsker = { communityId: string | undefined } & (
  | { member: string }
  /** `isKnown`: a browser that somebody signed in with before. */
  | { network: string; isKnown?: boolean }
  | { app: string }
);

/** Checks and makes hashes of passwords. */
export type PasswordChecks = {
  /**
   * Checks a password against a hash of ours or of another system's; without a hash it does the same work and
   * says no (invariant 6: no oracle). When a refusal may be answered is its edge's to see to: `RefusalPace`.
   */
  check(hash: string | null | undefined, password: string): Promise<PasswordCheck>;
  /** An Argon2id hash in PHC format. */
  hash(password: string): Promise<string>;
};

/** What may be done by whoever has a place for it. Each throws BusyError when the place went to others. */
export type PasswordWork = PasswordChecks & {
  /** How hard a password is to guess, as zxcvbn says: 0 (at once) to 4 (very). */
  strength(password: string, words: readonly string[]): Promise<number>;
  /** Gives the place back. */
  leave(): void;
};

/** A hash of another system's, and what it has in common with all that cost about the same. */
export type ForeignKind = { kind: string; hash: string };

export type Passwords = {
  /**
   * Takes a place for work on passwords, before anything is read or looked up for it.
   * @throws BusyError
   */
  enter(asker: PasswordAsker): PasswordWork;
  /**
   * While accounts have hashes of other systems, which cost more or less than ours, every refusal does the work
   * of one hash of each kind: how long others wait behind it does not tell whether there is an account
   * (docs/decisions/0012-foreign-password-hashes.md). Nor does how long one waits oneself: see `RefusalPace`.
   */
  imitate(kinds: readonly ForeignKind[]): void;
  /** How long a wrong password takes at a hash, in milliseconds, or at ours. */
  costOfRefusal(hash?: string): Promise<number>;
  stop(): Promise<void>;
};

/** Where the work is done. */
export type PasswordParts = { threads: HashThreads; meter: StrengthMeter };

/** A hash of ours that nobody has the password of: unknown accounts cost what known ones cost. */
const DECOY = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/**
 * All work on passwords of a process that serves people. It is done in threads of its own; hashing never takes
 * the last core, and libuv's threads, which sign tokens, are left out of it: while many people sign in at once,
 * everybody else is served as before. Communities take turns, and so do those who ask within one.
 */
export function createPasswords({
  threads = createHashThreads(),
  meter = createStrengthMeter(),
}: Partial<PasswordParts> = {}): Passwords {
  const admission = createAdmission(LIMITS);
  const inTurn = createFairTurns(Math.min(3, Math.max(1, availableParallelism() - 1)));
  const weighedInTurn = createFairTurns(1);
  let imitated: readonly ForeignKind[] = [];

  /** One hash of each kind there is but the given one's: what its refusal is still to cost. */
  function decoysBeside(hash: string | undefined): string[] {
    const isOurs = hash !== undefined && isOfToday(hash);
    const kind = hash === undefined || isOurs ? undefined : kindOf(hash).kind;
    const others = imitated.filter((one) => one.kind !== kind).map((one) => one.hash);
    return isOurs ? others : [DECOY, ...others];
  }

  async function verify(hash: string, password: string): Promise<boolean> {
    try {
      return await threads.verify(hash, password);
    } catch {
      return false;
    }
  }

  async function check(
    place: Place,
    hash: string | null | undefined,
    password: string,
  ): Promise<PasswordCheck> {
    const wasTooLong = isTooLong(password);
    const against = wasTooLong ? undefined : (hash ?? undefined);
    const matches = await inTurn(place, async () => {
      if (against !== undefined && (await verify(against, password))) return true;
      for (const decoy of decoysBeside(against)) await verify(decoy, wasTooLong ? '' : password);
      return false;
    });
    return { matches, needsRehash: matches && !isOfToday(against as string) };
  }

  /** Of the longest password, which costs some kinds more than a short one; the least of three times, as others work, too. */
  async function costOfRefusal(hash = DECOY): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let time = 0; time < 3; time += 1) {
      const place = admission.enter({ tenant: 'hub', asker: 'cost', most: MOST.member });
      const took = await inTurn(place, async () => {
        const started = performance.now();
        await verify(hash, 'x'.repeat(PASSWORD_MAX_BYTES));
        return performance.now() - started;
      }).finally(() => place.leave());
      least = Math.min(least, took);
    }
    return least;
  }

  return {
    enter(asker) {
      const place = admission.enter(claimOf(asker));
      return {
        check: (hash, password) => check(place, hash, password),
        hash: (password) => inTurn(place, () => threads.hash(hashedForm(password), PARAMETERS)),
        strength: (password, words) => weighedInTurn(place, () => meter.strength(password, words)),
        leave: place.leave,
      };
    },
    imitate(kinds) {
      imitated = kinds;
    },
    costOfRefusal,
    async stop() {
      await Promise.all([threads.stop(), meter.stop()]);
    },
  };
}

function claimOf(asker: PasswordAsker) {
  const tenant = asker.communityId ?? 'hub';
  if ('member' in asker)
    return { tenant, asker: `member ${asker.member}`, most: MOST.member, isKnown: true };
  if ('app' in asker) return { tenant, asker: `app ${asker.app}`, most: MOST.many, isKnown: true };
  const { network, isKnown = false } = asker;
  return { tenant, asker: `network ${network}`, most: MOST.many, isKnown };
}
