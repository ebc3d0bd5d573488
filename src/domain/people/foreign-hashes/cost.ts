import { type ForeignHash, HashFault } from './foreign-hash.ts';

/**
 * What a try may take: a second or so of a processor, so that the defaults of today's systems fit, and so much
 * memory. A hash is weighed by its parameters when it is given, before any work.
 */
const MOST_MILLISECONDS = 1_500;
const MOST_MEBIBYTES = 256;

/** Nanoseconds of a small server's processor for the step that each algorithm repeats. */
export const STEP = {
  /** A round is one call, whatever it hashes. */
  round: 1_400,
  roundByte: 2.5,
  pbkdf2: { sha1: 180, sha256: 180, sha512: 590 },
  bcrypt: 52_000,
  /** A KiB that is written once. */
  argon2: 600,
  scrypt: 3_000,
  yescrypt: 14_000,
} as const;

/** The password of this many bytes must be bearable, or nobody could sign in. */
const USUAL_BYTES = 64;

/** Rounds that hash the password again each time: the longer it is, the dearer. */
export type Rounds = {
  count: number;
  /** Bytes that a round hashes besides the password, and how often it hashes the password. */
  fixedBytes: number;
  timesPassword: number;
};

export function costOfRounds(
  { count, fixedBytes, timesPassword }: Rounds,
  passwordBytes = USUAL_BYTES,
) {
  return count * (STEP.round + STEP.roundByte * (fixedBytes + timesPassword * passwordBytes));
}

/**
 * Checks a password by rounds of which a long one would make too much: it is cut where they become unbearable,
 * and is then none, after the same work.
 */
export function checkWithin(
  rounds: Rounds,
  password: string,
  check: (key: Buffer) => boolean,
): boolean {
  const key = Buffer.from(password);
  const spare = (MOST_MILLISECONDS * 1e6) / rounds.count - STEP.round;
  const most = Math.floor((spare / STEP.roundByte - rounds.fixedBytes) / rounds.timesPassword);
  const isRight = check(key.subarray(0, most));
  return isRight && key.length <= most;
}

export type Price = {
  nanoseconds: number;
  bytes?: number;
  /** Its parameters, as the hash's owner knows them. */
  parameters: string;
};

/** A hash that is no dearer than a sign-in may be. */
export function bearable(
  hash: Omit<ForeignHash, 'cost'>,
  { nanoseconds, bytes = 0, parameters }: Price,
): ForeignHash | HashFault {
  const cost = nanoseconds / 1e6;
  const mebibytes = bytes / 2 ** 20;
  if (cost <= MOST_MILLISECONDS && mebibytes <= MOST_MEBIBYTES) return { ...hash, cost };
  const price =
    mebibytes > MOST_MEBIBYTES
      ? `${Math.ceil(mebibytes)} MiB of memory a try, and ${MOST_MEBIBYTES} MiB are the most`
      : `about ${Math.round(cost / 100) / 10} s a try, and ${MOST_MILLISECONDS / 1_000} s are the most`;
  return new HashFault(
    `is of a known kind (${hash.family}), but with ${parameters} it costs too much: ${price}`,
  );
}
