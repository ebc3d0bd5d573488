import { hash, timingSafeEqual } from 'node:crypto';
import { cryptLetters } from './base64.ts';
import { bearable, checkWithin, costOfRounds } from './cost.ts';
import type { ForeignHash, HashFault } from './foreign-hash.ts';

/** The order in which the digest's bytes are written, three by three (steps 22 b and 22 e). */
const FLAVOURS = {
  sha256: { bytes: 32, third: 10, step: 2, rest: [31, 30] },
  sha512: { bytes: 64, third: 21, step: 1, rest: [63] },
} as const;
type Flavour = keyof typeof FLAVOURS;

/** After how many rounds the pattern of what is hashed begins again: 2, 3 and 7 decide it. */
const CYCLE = 42;

/** `$5$SALT$HASH`, `$6$SALT$HASH`: SHA-256 and SHA-512 of crypt(3), with `rounds=` or without. */
export function readShaCrypt(text: string): ForeignHash | HashFault | undefined {
  const match =
    /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$:\n]{0,16})\$([./A-Za-z0-9]{43}|[./A-Za-z0-9]{86})$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, number, given, salt = '', digest = ''] = match;
  const flavour = number === '5' ? 'sha256' : 'sha512';
  if (digest.length !== Math.ceil((FLAVOURS[flavour].bytes * 8) / 6)) return undefined;
  // crypt(3) does a thousand rounds where fewer are asked for.
  const count = Math.max(1_000, Number(given ?? 5_000));
  const fixedBytes = FLAVOURS[flavour].bytes + salt.length;
  const rounds = { count, fixedBytes, timesPassword: 2 };
  return bearable(
    {
      text,
      family: `${flavour}-crypt ($${number}$)`,
      check: (password) =>
        checkWithin(rounds, password, (key) =>
          timingSafeEqual(Buffer.from(shaCrypt(flavour, key, salt, count)), Buffer.from(digest)),
        ),
    },
    { nanoseconds: costOfRounds(rounds), parameters: `${count} rounds` },
  );
}

/**
 * SHA-256 and SHA-512 of crypt(3), as U. Drepper's "Unix crypt using SHA-256 and SHA-512" says it.
 * @returns the letters after the salt
 */
export function shaCrypt(
  flavour: Flavour,
  password: string | Buffer,
  saltText: string,
  rounds: number,
): string {
  const sha = (...parts: Uint8Array[]) => hash(flavour, Buffer.concat(parts), 'buffer');
  const key = Buffer.from(password as string);
  const salt = Buffer.from(saltText).subarray(0, 16);
  const b = sha(key, salt, key);
  const parts: Uint8Array[] = [key, salt, fill(b, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? b : key);
  let c = sha(...parts);
  const p = fill(sha(fill(key, key.length * key.length)), key.length);
  const s = fill(sha(fill(salt, salt.length * (16 + (c[0] as number)))), salt.length);
  const patterns = Array.from({ length: CYCLE }, (_, round) => pattern(round, c.length, p, s));
  for (let round = 0; round < rounds; round += 1) {
    const { message, place } = patterns[round % CYCLE] as Pattern;
    message.set(c, place);
    c = hash(flavour, message, 'buffer');
  }
  return encode(c, flavour);
}

type Pattern = { message: Buffer; place: number };

/** What a round hashes, but for the digest of the round before, and where that stands in it (step 21). */
function pattern(round: number, digestLength: number, p: Buffer, s: Buffer): Pattern {
  const isOdd = round % 2 === 1;
  const c = Buffer.alloc(digestLength);
  const middle = [...(round % 3 === 0 ? [] : [s]), ...(round % 7 === 0 ? [] : [p])];
  const message = Buffer.concat([isOdd ? p : c, ...middle, isOdd ? c : p]);
  return { message, place: isOdd ? message.length - digestLength : 0 };
}

/** The bytes again and again, up to a length. */
function fill(bytes: Buffer, length: number): Buffer {
  return bytes.length === 0 ? bytes : Buffer.alloc(length, bytes);
}

function encode(digest: Buffer, flavour: Flavour): string {
  const { third, step, rest } = FLAVOURS[flavour];
  const at = (index: number) => digest[index] as number;
  const groups = Array.from({ length: third }, (_, i) => {
    const [x = 0, y = 0, z = 0] = [0, 1, 2].map((k) => at(i + third * ((i * step + k) % 3)));
    return cryptLetters((x << 16) | (y << 8) | z, 4);
  });
  const last = rest.reduce((sum, index) => (sum << 8) | at(index), 0);
  return groups.join('') + cryptLetters(last, rest.length + 1);
}
