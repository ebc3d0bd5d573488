import { scryptSync, timingSafeEqual } from 'node:crypto';
import { cryptBits, decodeBase64, decodeCrypt, encodeBase64 } from './base64.ts';
import { bearable, STEP } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

type Parameters = { log2N: number; r: number; p: number };

/** scrypt (RFC 7914), in each way that it is written. */
export function readScrypt(text: string): ForeignHash | HashFault | undefined {
  return readPasslib(text) ?? readCrypt(text) ?? readPython(text);
}

function scrypt(
  { log2N, r, p }: Parameters,
  salt: Buffer | undefined,
  digest: Buffer | undefined,
): ForeignHash | HashFault {
  const isWhole = salt !== undefined && digest !== undefined && digest.length >= 16;
  // RFC 7914 section 6; N of 2^40 is out of reach of any machine's memory here.
  if (!isWhole || !(log2N >= 1 && log2N <= 40 && r >= 1 && p >= 1 && r * p < 2 ** 30)) {
    return cutOrAltered('scrypt');
  }
  const bytes = 128 * r * 2 ** log2N;
  return bearable(
    {
      text: `$scrypt$ln=${log2N},r=${r},p=${p}$${encodeBase64(salt)}$${encodeBase64(digest)}`,
      family: 'scrypt',
      check: (password) => {
        const options = { N: 2 ** log2N, r, p, maxmem: bytes + 256 * r * (p + 2) + 1_024 };
        return timingSafeEqual(scryptSync(password, salt, digest.length, options), digest);
      },
    },
    {
      nanoseconds: (bytes / 1_024) * p * STEP.scrypt,
      bytes,
      parameters: `N=2^${log2N}, r=${r}, p=${p}`,
    },
  );
}

/** `$scrypt$ln=16,r=8,p=1$SALT$HASH`: passlib. */
function readPasslib(text: string) {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$]*)\$([^$]*)$/.exec(text);
  if (match === null) return undefined;
  const [log2N = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  return scrypt({ log2N, r, p }, decodeBase64(match[4] ?? ''), decodeBase64(match[5] ?? ''));
}

/** `$7$`, of libxcrypt: N in one letter, r and p in five each. The salt is a text. */
function readCrypt(text: string) {
  const match = /^\$7\$([./A-Za-z0-9])([./A-Za-z0-9]{5})([./A-Za-z0-9]{5})([^$]*)\$([^$]*)$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, log2N = '', r = '', p = '', salt = '', digest = ''] = match;
  const number = (letters: string) =>
    [...letters].reduce((sum, letter, i) => sum + cryptBits(letter) * 64 ** i, 0);
  const parameters = { log2N: number(log2N), r: number(r), p: number(p) };
  return scrypt(parameters, Buffer.from(salt), decodeCrypt(digest));
}

/** `scrypt$N$SALT$r$p$HASH`: Django; `scrypt:N:r:p$SALT$HASH`: Werkzeug, in hexadecimal. The salts are texts. */
function readPython(text: string) {
  const django = /^scrypt\$(\d{1,12})\$([^$]*)\$(\d{1,4})\$(\d{1,4})\$([^$]*)$/.exec(text);
  const werkzeug = /^scrypt:(\d{1,12}):(\d{1,4}):(\d{1,4})\$([^$]*)\$((?:[0-9a-f]{2})+)$/.exec(
    text,
  );
  if (django !== null) {
    const [, N, salt = '', r, p, digest = ''] = django;
    return scrypt(
      { log2N: Math.log2(Number(N)), r: Number(r), p: Number(p) },
      Buffer.from(salt),
      decodeBase64(digest),
    );
  }
  if (werkzeug === null) return undefined;
  const [, N, r, p, salt = '', digest = ''] = werkzeug;
  return scrypt(
    { log2N: Math.log2(Number(N)), r: Number(r), p: Number(p) },
    Buffer.from(salt),
    Buffer.from(digest, 'hex'),
  );
}
