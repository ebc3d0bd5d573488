import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { DAY_MS } from '../../platform/time/units.ts';
import type { SigningAlg } from './signing-algs.ts';

/** 112 bits of strength, for keys that live months (docs/decisions/0005-signing-keys.md). */
const RSA_BITS = 2048;

/** How long a retired key stays published: ID tokens come back as hints for that long. */
export const PUBLISHED_AFTER_RETIREMENT_MS = 30 * DAY_MS;

/** How long a new key is published before it signs: longer than clients keep a key set. */
export const OVERLAP_MS = DAY_MS;

/** A key as its row tells, without the private part. Times are when it signs and is published. */
export type SigningKey = {
  kid: string;
  alg: SigningAlg;
  publicJwk: JWK;
  createdAt: Date;
  activatesAt: Date;
  /** Null while no successor is known. */
  retiresAt: Date | null;
  expiresAt: Date | null;
};

export type GeneratedKey = { kid: string; alg: SigningAlg; publicJwk: JWK; privateJwk: JWK };

const generate = promisify(generateKeyPair);

/** Makes a key pair on libuv's pool; the kid is the thumbprint of the public key (RFC 7638). */
export async function generateSigningKey(alg: SigningAlg): Promise<GeneratedKey> {
  const { publicKey, privateKey } = await (alg === 'RS256'
    ? generate('rsa', { modulusLength: RSA_BITS })
    : generate('ec', { namedCurve: 'P-256' }));
  const kid = await calculateJwkThumbprint(toJwk(publicKey));
  const about = { kid, alg, use: 'sig' };
  return {
    kid,
    alg,
    publicJwk: { ...toJwk(publicKey), ...about },
    privateJwk: { ...toJwk(privateKey), ...about },
  };
}

function toJwk(key: KeyObject): JWK {
  return key.export({ format: 'jwk' }) as JWK;
}

/** What the sealed private part is bound to (see `Sealer`). */
export function signingKeyContext(communityId: string, kid: string): string {
  return `signing-key:${communityId}:${kid}`;
}

export function isActive(key: SigningKey, now: Date): boolean {
  return key.activatesAt <= now && (key.retiresAt === null || key.retiresAt > now);
}

export function isUpcoming(key: SigningKey, now: Date): boolean {
  return key.activatesAt > now;
}

export function isRetired(key: SigningKey, now: Date): boolean {
  return key.retiresAt !== null && key.retiresAt <= now;
}
