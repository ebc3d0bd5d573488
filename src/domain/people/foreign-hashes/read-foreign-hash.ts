import { readArgon2 } from './argon2.ts';
import { readBcrypt } from './bcrypt.ts';
import { type ForeignHash, HashFault, type HashReader } from './foreign-hash.ts';
import { readKeycloak } from './keycloak.ts';
import { readPbkdf2 } from './pbkdf2.ts';
import { readPhpass } from './phpass.ts';
import { readRefusedKind } from './refused-kinds.ts';
import { readSaltedDigest } from './salted-digest.ts';
import { readScram } from './scram.ts';
import { readScrypt } from './scrypt.ts';
import { readShaCrypt } from './sha-crypt.ts';
import { readYescrypt } from './yescrypt.ts';

const READERS: readonly HashReader[] = [
  readArgon2,
  readBcrypt,
  readShaCrypt,
  readYescrypt,
  readPbkdf2,
  readScrypt,
  readPhpass,
  readSaltedDigest,
  readScram,
  readKeycloak,
  readRefusedKind,
];

/** Longer than any of them, in base64 twice over. */
const MOST_CHARACTERS = 2_000;

/** Names before a hash that says itself what it is: of LDAP servers and Dovecot, which may encode it, too. */
const SELF_EXPLAINING =
  /^\{(?:CRYPT|BCRYPT|BLF-CRYPT|SHA256-CRYPT|SHA512-CRYPT|CRYPT-SHA256|CRYPT-SHA512|ARGON2(?:I|ID|D)?)(?:\.(HEX|B64|BASE64))?\}(.*)$/is;

/** What a text is: a hash that a sign-in can check, in the time and memory that it may take, or why not. */
export function readForeignHash(given: string): ForeignHash | HashFault {
  if (given.length > MOST_CHARACTERS) return unknown();
  const text = unwrap(given);
  for (const read of READERS) {
    const found = read(text);
    if (found !== undefined) return found;
  }
  return unknown();
}

function unknown(): HashFault {
  return new HashFault(
    'is no password hash of a kind that is known here: docs/apply.md lists those',
  );
}

/** The hash itself, out of what exports and other systems put around it. */
function unwrap(given: string): string {
  let text = fromLdif(given.trim());
  const named = SELF_EXPLAINING.exec(text);
  if (named !== null) text = decode(named[2] ?? '', named[1]);
  return (
    text
      // Nextcloud says which of its ways made the hash.
      .replace(/^[123]\|(?=\$)/, '')
      // Django names the algorithm before hashes that say it themselves.
      .replace(/^(?:bcrypt\$(?=\$2)|argon2(?=\$argon2))/, '')
  );
}

/** A line of LDIF (RFC 2849), or its value, in base64 or not, folded or not. */
function fromLdif(text: string): string {
  const value = text.replace(/\r?\n /g, '').replace(/^userPassword(?=:)/i, '');
  if (value.startsWith('::'))
    return Buffer.from(value.slice(2).trim(), 'base64').toString('latin1');
  if (value.startsWith(':')) return value.slice(1).trim();
  if (!/^(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
    return value;
  const decoded = Buffer.from(value, 'base64').toString('latin1');
  // No hash that is taken is base64 alone: what begins like one was encoded once more.
  return /^[{$][\x20-\x7e]+$/.test(decoded) ? decoded : value;
}

function decode(value: string, encoding: string | undefined): string {
  if (encoding === undefined) return value;
  const isHex = encoding.toUpperCase() === 'HEX';
  return Buffer.from(value, isHex ? 'hex' : 'base64').toString('latin1');
}
