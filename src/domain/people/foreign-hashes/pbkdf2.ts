import { pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { decodeBase64, encodeAdaptedBase64 } from './base64.ts';
import { bearable, STEP } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

const SIZES = { sha1: 20, sha256: 32, sha512: 64 } as const;
type Digest = keyof typeof SIZES;

/** Half of the shortest digest there is: with less, chance would open doors. */
const LEAST_BYTES = 16;

/** PBKDF2, in each way that it is written. */
export function readPbkdf2(text: string): ForeignHash | HashFault | undefined {
  return readPasslib(text) ?? readDjango(text) ?? readLdap(text) ?? read389(text) ?? readHex(text);
}

/**
 * PBKDF2 by its parts.
 * @param salt,digest undefined for what is not base64
 */
export function pbkdf2(
  algorithm: Digest,
  iterations: number,
  salt: Buffer | undefined,
  digest: Buffer | undefined,
): ForeignHash | HashFault {
  if (salt === undefined || digest === undefined || digest.length < LEAST_BYTES || iterations < 1) {
    return cutOrAltered('PBKDF2');
  }
  // A digest that is longer than its hash function's is several, each made by itself: the first says all.
  const first = digest.subarray(0, SIZES[algorithm]);
  const name = algorithm === 'sha1' ? 'pbkdf2' : `pbkdf2-${algorithm}`;
  return bearable(
    {
      text: `$${name}$${iterations}$${encodeAdaptedBase64(salt)}$${encodeAdaptedBase64(first)}`,
      family: `PBKDF2 (${algorithm})`,
      check: (password) =>
        timingSafeEqual(pbkdf2Sync(password, salt, iterations, first.length, algorithm), first),
    },
    { nanoseconds: iterations * STEP.pbkdf2[algorithm], parameters: `${iterations} iterations` },
  );
}

/** `$pbkdf2-sha256$ITERATIONS$SALT$HASH`, in passlib's base64, as Pleroma and others have it, too. */
function readPasslib(text: string) {
  const match = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(\d{1,9})\$([^$]*)\$([^$]*)$/.exec(text);
  if (match === null) return undefined;
  const [, algorithm = 'sha1', iterations, salt = '', digest = ''] = match;
  return pbkdf2(algorithm as Digest, Number(iterations), decodeBase64(salt), decodeBase64(digest));
}

/** `pbkdf2_sha256$ITERATIONS$SALT$HASH`: Django. The salt is a text. */
function readDjango(text: string) {
  const match = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,9})\$([^$]*)\$([^$]*)$/.exec(text);
  if (match === null) return undefined;
  const [, algorithm, iterations, salt = '', digest = ''] = match;
  return pbkdf2(algorithm as Digest, Number(iterations), Buffer.from(salt), decodeBase64(digest));
}

/** `{PBKDF2-SHA512}ITERATIONS$SALT$HASH`: OpenLDAP's module, passlib's `ldap_pbkdf2_…`, and 389ds. */
function readLdap(text: string) {
  const match = /^\{PBKDF2(?:[-_](SHA1|SHA256|SHA512))?\}(\d{1,9})\$([^$]*)\$([^$]*)$/i.exec(text);
  if (match === null) return undefined;
  const [, name = 'sha1', iterations, salt = '', digest = ''] = match;
  const algorithm = name.toLowerCase() as Digest;
  return pbkdf2(algorithm, Number(iterations), decodeBase64(salt), decodeBase64(digest));
}

/** `{PBKDF2_SHA256}`: 389ds and FreeIPA. Four bytes of iterations, 64 of salt, 256 of digest, in base64. */
function read389(text: string) {
  const match = /^\{PBKDF2_SHA256\}([^$]*)$/i.exec(text);
  if (match === null) return undefined;
  const bytes = decodeBase64(match[1] ?? '');
  if (bytes?.length !== 4 + 64 + 256) return pbkdf2('sha256', 0, undefined, undefined);
  return pbkdf2('sha256', bytes.readUInt32BE(0), bytes.subarray(4, 68), bytes.subarray(68));
}

/** `{PBKDF2}$1$SALT$ITERATIONS$HASH`: Dovecot; `pbkdf2:sha256:ITERATIONS$SALT$HASH`: Werkzeug. In hexadecimal. */
function readHex(text: string) {
  const dovecot = /^\{PBKDF2\}\$1\$([^$]*)\$(\d{1,9})\$([^$]*)$/i.exec(text);
  const werkzeug = /^pbkdf2:(sha1|sha256|sha512):(\d{1,9})\$([^$]*)\$([^$]*)$/.exec(text);
  const [algorithm, iterations, salt, digest] =
    dovecot !== null ? ['sha1', dovecot[2], dovecot[1], dovecot[3]] : (werkzeug?.slice(1) ?? []);
  if (algorithm === undefined || salt === undefined || digest === undefined) return undefined;
  const bytes = /^(?:[0-9a-f]{2})+$/i.test(digest) ? Buffer.from(digest, 'hex') : undefined;
  return pbkdf2(algorithm as Digest, Number(iterations), Buffer.from(salt), bytes);
}
