import { createHmac, timingSafeEqual } from 'node:crypto';

/** What `cookies` asks of its keys: a `Keygrip`, whose signatures these are. */
export type CookieKeys = {
  sign(data: string): string;
  verify(data: string, signature: string): boolean;
  /** Of the key that a signature is by; -1 when it is by none. */
  index(data: string, signature: string): number;
};

/**
 * Signs cookies with the first key, and knows the signatures of all: HMAC-SHA-1 in base64url, as keygrip has them.
 * That compares two texts by a digest of each under a key made for the purpose, which cost more than the
 * signature (docs/decisions/0048-cookie-signatures.md).
 */
export function createCookieKeys(keys: readonly string[]): CookieKeys {
  const signBy = (data: string, key: string) =>
    createHmac('sha1', key).update(data).digest('base64url');
  const index = (data: string, signature: string): number => {
    const given = Buffer.from(signature);
    return keys.findIndex((key) => {
      const expected = Buffer.from(signBy(data, key));
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
  };
  return {
    sign: (data) => signBy(data, keys[0] as string),
    verify: (data, signature) => index(data, signature) !== -1,
    index,
  };
}
