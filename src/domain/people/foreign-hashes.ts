import { createHash, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { verifySync as verifyBcrypt } from '@node-rs/bcrypt';
import { sha512Crypt } from './sha512-crypt.ts';

/**
 * Password hashes as other systems write them: they are checked once, and replaced by ours at the first
 * right sign-in. Each is a text that says what it is. `check` takes the processor for as long as the hash
 * costs, so it runs in the threads of `hash-threads.ts`.
 */
type ForeignHash = { check(password: string): boolean };

/**
 * Bounds on what one sign-in may cost: half a second or so each, of a processor's time. Those of PBKDF2 are
 * of iterations times blocks; Keycloak's own 1,300,000 of SHA-1 are four blocks each.
 */
const MOST = {
  bcrypt: 13,
  pbkdf2: { sha1: 5_200_000, sha256: 2_000_000, sha512: 1_000_000 },
  crypt: 150_000,
};
type Algorithm = keyof typeof MOST.pbkdf2;

type Reader = (value: string) => ForeignHash | undefined;

const READERS: Reader[] = [readBcrypt, readSalted, readSha512Crypt, readDjango, readKeycloak];

/** What a text of another system's is; undefined for what is none, or would cost too much. */
export function readForeignHash(value: string): ForeignHash | undefined {
  if (value.length > 1_000) return undefined;
  const bare = value.replace(/^\{CRYPT\}/i, '');
  for (const read of READERS) {
    const found = read(bare);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `$2a$`, `$2b$`, `$2y$`: bcrypt, of PHP, Ruby, Nextcloud and many others. */
function readBcrypt(value: string): ForeignHash | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(value);
  if (match === null || Number(match[1]) > MOST.bcrypt) return undefined;
  return { check: (password) => verifyBcrypt(password, value) };
}

/** `{SSHA}`, `{SSHA256}`, `{SSHA512}`: salted digests of LDAP servers, the salt after the digest, in base64. */
function readSalted(value: string): ForeignHash | undefined {
  const match = /^\{SSHA(|256|384|512)\}([A-Za-z0-9+/]+={0,2})$/i.exec(value);
  if (match === null) return undefined;
  const [, size = '', text = ''] = match;
  const bytes = Buffer.from(text, 'base64');
  const algorithm = `sha${size || '1'}`;
  const length = createHash(algorithm).digest().length;
  if (bytes.length <= length || bytes.length > length + 64) return undefined;
  const [digest, salt] = [bytes.subarray(0, length), bytes.subarray(length)];
  return {
    check: (password) =>
      timingSafeEqual(createHash(algorithm).update(password).update(salt).digest(), digest),
  };
}

/** `$6$SALT$HASH`: SHA-512 of crypt(3), with `rounds=` or without. */
function readSha512Crypt(value: string): ForeignHash | undefined {
  const match = /^\$6\$(?:rounds=(\d{4,9})\$)?([^$:\n]{1,16})\$([./A-Za-z0-9]{86})$/.exec(value);
  if (match === null) return undefined;
  const rounds = Number(match[1] ?? 5_000);
  if (rounds > MOST.crypt || rounds < 1_000) return undefined;
  const [, , salt = '', digest = ''] = match;
  return {
    check: (password) => isSame(sha512Crypt(password, salt, rounds), digest),
  };
}

/** `pbkdf2_sha256$ITERATIONS$SALT$HASH`: Django. The salt is a text. */
function readDjango(value: string): ForeignHash | undefined {
  const match = /^pbkdf2_sha256\$(\d{1,8})\$([^$]{1,200})\$([A-Za-z0-9+/]{43}=)$/.exec(value);
  if (match === null) return undefined;
  const [, iterations, salt = '', digest = ''] = match;
  return pbkdf2('sha256', Number(iterations), Buffer.from(salt), Buffer.from(digest, 'base64'));
}

/**
 * `keycloak:ALGORITHM$ITERATIONS$SALT$HASH`, of Keycloak's export: `algorithm` and `hashIterations` of its
 * credentialData, `salt` and `value` of its secretData, which are base64.
 */
function readKeycloak(value: string): ForeignHash | undefined {
  const match =
    /^keycloak:pbkdf2(-sha256|-sha512|)\$(\d{1,8})\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/.exec(
      value,
    );
  if (match === null) return undefined;
  const [, suffix = '', iterations, salt = '', text = ''] = match;
  const algorithm = (suffix === '' ? 'sha1' : suffix.slice(1)) as Algorithm;
  const digest = Buffer.from(text, 'base64');
  if (digest.length < 16 || digest.length > 64) return undefined;
  return pbkdf2(algorithm, Number(iterations), Buffer.from(salt, 'base64'), digest);
}

function pbkdf2(
  algorithm: Algorithm,
  iterations: number,
  salt: Buffer,
  digest: Buffer,
): ForeignHash | undefined {
  const blocks = Math.ceil(digest.length / createHash(algorithm).digest().length);
  if (iterations < 1 || iterations * blocks > MOST.pbkdf2[algorithm]) return undefined;
  return {
    check: (password) =>
      timingSafeEqual(pbkdf2Sync(password, salt, iterations, digest.length, algorithm), digest),
  };
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
