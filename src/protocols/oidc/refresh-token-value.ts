import { createHmac, timingSafeEqual } from 'node:crypto';
import type Provider from 'oidc-provider';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';

/** Characters of base64url of 256 bits: of the secret, and of the grant's identifier. */
const ID = 43;
/** Seconds since 1970 in base 36, until the year 4453. */
const EXPIRY = 7;
/** 128 bits: whoever makes one up can do no more than end a grant, and is heard of at each try. */
const MAC = 22;

/**
 * Values of refresh tokens: a secret, followed by the grant that it is of and its end, both under a keyed
 * digest. So a token that is not stored any more, because it was used, is still known for one of ours: it
 * can be told from one that never was, and ends its grant (RFC 9700 §4.14.2), without a row for each token
 * that was ever used.
 */
export type RefreshTokenValues = {
  /** @param expiresAt seconds since 1970 */
  make(grantId: string, expiresAt: number): string;
  /** The grant of a value that was made here, whether or not its row is there. */
  grantOf(value: string): { grantId: string; expiresAt: number } | undefined;
};

export function createRefreshTokenValues(sealer: Sealer, communityId: string): RefreshTokenValues {
  // While the secret is rotated, processes differ in their newest key.
  const keys = sealer.derive(`refresh-token:${communityId}`);
  const mac = (head: string, key: string) =>
    createHmac('sha256', key).update(head).digest('base64url').slice(0, MAC);

  return {
    make(grantId, expiresAt) {
      const head = newToken() + grantId + expiresAt.toString(36).padStart(EXPIRY, '0');
      return head + mac(head, keys[0] as string);
    },
    grantOf(value) {
      if (value.length !== 2 * ID + EXPIRY + MAC) return undefined;
      const head = value.slice(0, -MAC);
      const given = Buffer.from(value.slice(-MAC));
      const isOurs = keys.some((key) => {
        const expected = Buffer.from(mac(head, key));
        return expected.length === given.length && timingSafeEqual(expected, given);
      });
      if (!isOurs) return undefined;
      return {
        grantId: head.slice(ID, 2 * ID),
        expiresAt: Number.parseInt(head.slice(2 * ID), 36),
      };
    },
  };
}

/** Has the provider make such values. */
export function nameGrants(provider: Provider, values: RefreshTokenValues): void {
  const prototype = provider.RefreshToken.prototype as InstanceType<Provider['RefreshToken']> & {
    generateTokenId(): string;
  };
  prototype.generateTokenId = function generateTokenId() {
    const { grantId = '', expiration } = this;
    if (grantId.length !== ID) throw new Error('a refresh token is of a grant');
    return values.make(grantId, Math.floor(Date.now() / 1000) + expiration);
  };
}
