import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { HashFault } from '../../src/domain/people/foreign-hashes/foreign-hash.ts';
import { readForeignHash } from '../../src/domain/people/foreign-hashes/read-foreign-hash.ts';

/** Debian's crypt(3), which is libxcrypt, through perl. */
function crypt(password: string, setting: string): string {
  const program = 'print crypt($ARGV[0], $ARGV[1])';
  return execFileSync('perl', ['-e', program, '--', password, setting], { encoding: 'utf8' });
}

const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const letters = (count: number) =>
  Array.from({ length: count }, () => LETTERS[randomInt(64)]).join('');
/** Whole groups of four letters: others are no salt of yescrypt's. */
const salt = (most: number) => letters(4 * randomInt(most + 1));

/** Valid UTF-8 without NUL, of any length that crypt(3) takes. */
function password(): string {
  const bytes = randomBytes(randomInt(200));
  return bytes.toString('latin1').replaceAll('\0', 'é').slice(0, 200);
}

const SETTINGS: [name: string, setting: () => string][] = [
  ['sha256-crypt', () => `$5$rounds=${1_000 + randomInt(3_000)}$${letters(randomInt(17))}$`],
  ['sha512-crypt', () => `$6$rounds=${1_000 + randomInt(3_000)}$${letters(randomInt(17))}$`],
  ['yescrypt', () => `$y$j${LETTERS[randomInt(8)]}${LETTERS[4 + randomInt(40)]}$${salt(4)}$`],
  ['yescrypt with t', () => `$y$j${LETTERS[randomInt(6)]}5/${LETTERS[randomInt(4)]}$${salt(4)}$`],
  [
    'scrypt',
    () => `$7$${LETTERS[4 + randomInt(6)]}${LETTERS[1 + randomInt(8)]}..../....${salt(5)}$`,
  ],
];

it.each(SETTINGS)(
  '%s: whatever crypt(3) makes, fits its password and no other',
  (_name, setting) => {
    let compared = 0;
    for (let run = 0; run < 40; run += 1) {
      const [typed, with_] = [password(), setting()];
      const made = crypt(typed, with_);
      // crypt(3) does not make each of them: `*0` then.
      if (made.startsWith('*')) continue;
      const found = readForeignHash(made);
      if (found instanceof HashFault) throw new Error(`${made}: ${found.words}`);
      expect([made, found.check(typed)]).toEqual([made, true]);
      expect([made, found.check(`${typed}.`)]).toEqual([made, false]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(20);
  },
);
