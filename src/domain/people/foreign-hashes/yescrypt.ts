import { createHmac, hash, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { cryptBits, decodeCrypt } from './base64.ts';
import { bearable, STEP } from './cost.ts';
import { cutOrAltered, type ForeignHash, HashFault } from './foreign-hash.ts';
import {
  BOX_WORDS,
  type Boxes,
  fromLanes,
  mixPair,
  mixWithBoxes,
  toLanes,
  xor,
} from './yescrypt-blocks.ts';

type Parameters = { log2N: number; r: number; t: number };

/**
 * `$y$j9T$SALT$HASH`: yescrypt, the default of Debian's and Ubuntu's /etc/shadow. No library for Node has it:
 * this is its one flavour that systems write, by one thread and without a ROM, tested against libxcrypt.
 */
export function readYescrypt(text: string): ForeignHash | HashFault | undefined {
  if (!text.startsWith('$y$')) return undefined;
  const match = /^\$y\$([./A-Za-z0-9]+)\$([./A-Za-z0-9]{0,86})\$([./A-Za-z0-9]{43})$/.exec(text);
  const [, letters = '', saltText = '', digestText = ''] = match ?? [];
  const [salt, digest] = [decodeCrypt(saltText), decodeCrypt(digestText)];
  const parameters = readParameters(letters);
  if (match === null || salt === undefined || digest === undefined || parameters === undefined) {
    return cutOrAltered('yescrypt');
  }
  if (parameters === 'unusual') {
    return new HashFault('is yescrypt with parameters that no system writes by itself');
  }
  const { log2N, r, t } = parameters;
  const bytes = 128 * r * 2 ** log2N;
  return bearable(
    {
      text,
      family: 'yescrypt',
      check: (password) =>
        timingSafeEqual(yescrypt(Buffer.from(password), salt, parameters), digest),
    },
    {
      nanoseconds: (bytes / 1_024) * ((1 + loopFactor(t)) / (4 / 3)) * STEP.yescrypt,
      bytes,
      parameters: `N=2^${log2N}, r=${r}, t=${t}`,
    },
  );
}

/** The letters of the parameters: the flavour `j`, N and r, and where there are more, which and their values. */
function readParameters(letters: string): Parameters | 'unusual' | undefined {
  const values = readNumbers(letters);
  const [flavour, log2N = 0, r = 0, which, first] = values ?? [];
  if (values === undefined || values.length < 3) return undefined;
  const t = which === 1 && first !== undefined ? first + 1 : 0;
  // `which` is one less than the sum of 1 (threads), 2 (t), 4 (upgrades) and 8 (ROM).
  const isUsual = flavour === 47 && values.length === (t === 0 ? 3 : 5) && log2N < 40;
  return isUsual && (log2N + 1) * (r + 1) > 1 ? { log2N: log2N + 1, r: r + 1, t } : 'unusual';
}

/** Numbers of one letter below 48, and of more letters above, the first of which says how many. */
function readNumbers(letters: string): number[] | undefined {
  const numbers: number[] = [];
  let at = 0;
  while (at < letters.length) {
    const first = cryptBits(letters[at] as string);
    let [start, end, more, base] = [0, 47, 0, 0];
    while (first > end) {
      base += (end + 1 - start) * 64 ** more;
      [start, end] = [end + 1, end + 1 + Math.floor((62 - end) / 2)];
      more += 1;
    }
    const rest = letters.slice(at + 1, at + 1 + more);
    if (rest.length < more) return undefined;
    numbers.push(
      [...rest].reduce((sum, letter) => sum * 64 + cryptBits(letter), first - start) + base,
    );
    at += 1 + more;
  }
  return numbers;
}

/** How many times the blocks are gone over again, by `t`, as a part of their number. */
function loopFactor(t: number): number {
  return t === 0 ? 1 / 3 : t === 1 ? 2 / 3 : t - 1;
}

/** @returns 32 bytes */
export function yescrypt(password: Buffer, salt: Buffer, { log2N, r, t }: Parameters): Buffer {
  const N = 2 ** log2N;
  // Where it takes long, it begins with a shorter one, so that a guess that is wrong by design is dear, too.
  const start =
    N >= 256 && N * r >= 2 ** 17
      ? derive('yescrypt-prehash', password, salt, N / 64, r, 0)
      : password;
  const key = derive('yescrypt', start, salt, N, r, t);
  return hash('sha256', hmac(key, 'Client Key'), 'buffer');
}

function derive(
  name: string,
  password: Buffer,
  salt: Buffer,
  N: number,
  r: number,
  t: number,
): Buffer {
  const bytes = pbkdf2Sync(hmac(name, password), salt, 1, 128 * r, 'sha256');
  const beginning = Buffer.from(bytes.subarray(0, 32));
  const boxes = makeBoxes(bytes);
  const key = hmac(bytes.subarray(-64), beginning);
  const X = toLanes(bytes, 32 * r);
  const V = new Int32Array(N * X.length);
  fillMemory(X, V, N, boxes);
  const loops = Math.ceil(N * loopFactor(t));
  walkMemory(X, V, N, loops + (loops % 2), boxes);
  fromLanes(X, bytes);
  return pbkdf2Sync(key, bytes, 1, 32, 'sha256');
}

/** Fills the three boxes from the first blocks, which change on the way. */
function makeBoxes(bytes: Buffer): Boxes {
  const words = new Int32Array(3 * BOX_WORDS);
  const pair = toLanes(bytes, 32);
  for (let at = 0; at < words.length; at += pair.length) {
    words.set(pair, at);
    mixPair(pair);
  }
  fromLanes(pair, bytes);
  return { words, s0: 2 * BOX_WORDS, s1: BOX_WORDS, s2: 0, written: 0 };
}

/** SMix1: each block of memory from the one before and an earlier one. */
function fillMemory(X: Int32Array, V: Int32Array, N: number, boxes: Boxes): void {
  let power = 1;
  for (let i = 0; i < N; i += 1) {
    V.set(X, i * X.length);
    if (i > 1) {
      if (i === 2 * power) power = i;
      // Among the last blocks, as many as the greatest power of two that there are.
      const earlier = (lastWord(X) & (power - 1)) + i - power;
      xor(X, 0, V, earlier * X.length, X.length);
    }
    mixWithBoxes(X, boxes);
  }
}

/** SMix2: goes from block to block as they say, and changes each. */
function walkMemory(X: Int32Array, V: Int32Array, N: number, loops: number, boxes: Boxes): void {
  for (let i = 0; i < loops; i += 1) {
    const at = (lastWord(X) & (N - 1)) * X.length;
    xor(X, 0, V, at, X.length);
    V.set(X, at);
    mixWithBoxes(X, boxes);
  }
}

const lastWord = (X: Int32Array) => X[X.length - 16] as number;

function hmac(key: Buffer | string, data: Buffer | string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
