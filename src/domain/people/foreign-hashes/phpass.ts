import { hash, timingSafeEqual } from 'node:crypto';
import { cryptBits, encodeCrypt } from './base64.ts';
import { bearable, checkWithin, costOfRounds } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

/**
 * The portable hashes of phpass: `$P$` (WordPress until 6.7, and many of PHP), `$H$` (phpBB), of MD5; `$S$`
 * (Drupal 7), of SHA-512 and cut. After the kind come a letter for the rounds and eight of salt.
 */
export function readPhpass(text: string): ForeignHash | HashFault | undefined {
  const kind = /^\$([PHS])\$/.exec(text)?.[1];
  if (kind === undefined) return undefined;
  const algorithm = kind === 'S' ? 'sha512' : 'md5';
  const length = kind === 'S' ? 43 : 22;
  const match = /^\$[PHS]\$([./A-Za-z0-9])([^$]{8})([./A-Za-z0-9]+)$/.exec(text);
  const [, letter = '', salt = '', digest = ''] = match ?? [];
  if (digest.length !== length || cryptBits(letter) < 7 || cryptBits(letter) > 30) {
    return cutOrAltered(`phpass ($${kind}$)`);
  }
  const count = 2 ** cryptBits(letter);
  const rounds = { count, fixedBytes: kind === 'S' ? 64 : 16, timesPassword: 1 };
  return bearable(
    {
      text,
      family: `phpass ($${kind}$)`,
      check: (password) =>
        checkWithin(rounds, password, (key) => {
          let value = hash(algorithm, Buffer.concat([Buffer.from(salt), key]), 'buffer');
          for (let round = 0; round < count; round += 1) {
            value = hash(algorithm, Buffer.concat([value, key]), 'buffer');
          }
          const found = encodeCrypt(value).slice(0, length);
          return timingSafeEqual(Buffer.from(found), Buffer.from(digest));
        }),
    },
    { nanoseconds: costOfRounds(rounds), parameters: `${count} rounds` },
  );
}
