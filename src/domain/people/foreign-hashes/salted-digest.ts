import { hash, timingSafeEqual } from 'node:crypto';
import { bearable } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

const SIZES = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;
const MOST_SALT = 64;

/**
 * `{SSHA}`, `{SSHA256}`, `{SSHA384}`, `{SSHA512}`: salted digests of LDAP servers, the salt after the digest, in
 * base64; with `.HEX` in hexadecimal (Dovecot).
 */
export function readSaltedDigest(text: string): ForeignHash | HashFault | undefined {
  const match = /^\{SSHA(|1|256|384|512)(?:\.(HEX|B64|BASE64))?\}(.*)$/is.exec(text);
  if (match === null) return undefined;
  const [, size = '', encoding = '', value = ''] = match;
  const algorithm = `sha${size || '1'}` as keyof typeof SIZES;
  const bytes = decode(value, encoding.toUpperCase() === 'HEX');
  const length = SIZES[algorithm];
  if (bytes === undefined || bytes.length <= length || bytes.length > length + MOST_SALT) {
    return cutOrAltered(`{SSHA${size}}`);
  }
  const [digest, salt] = [bytes.subarray(0, length), bytes.subarray(length)];
  return bearable(
    {
      text: `{SSHA${size === '1' ? '' : size}}${bytes.toString('base64')}`,
      family: `salted ${algorithm}`,
      check: (password) => {
        const both = Buffer.concat([Buffer.from(password), salt]);
        return timingSafeEqual(hash(algorithm, both, 'buffer'), digest);
      },
    },
    { nanoseconds: 0, parameters: 'one round' },
  );
}

function decode(value: string, isHex: boolean): Buffer | undefined {
  if (isHex) return /^(?:[0-9a-f]{2})+$/i.test(value) ? Buffer.from(value, 'hex') : undefined;
  return /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined;
}
