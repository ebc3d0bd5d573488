import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Queryable } from '../../platform/database/database.ts';
import { spendProof } from '../../platform/secrets/replay-store.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';

/** How long an authenticator may take to answer. */
export const CHALLENGE_MS = 5 * 60_000;

const RANDOM_BYTES = 16;
const EXPIRY_BYTES = 8;
const HEAD_BYTES = RANDOM_BYTES + EXPIRY_BYTES;

/** What a challenge is for: an answer to it counts for nothing else, and nowhere else. */
export type ChallengeFor = {
  /** Who asks: the community's id, or the operators' console. */
  realm: string;
  rpId: string;
  /** Such as `sign-in`, or `register:PERSON`. */
  purpose: string;
};

/**
 * What stands behind the forms of the visitor's browser: no script and no other site can read it. Undefined
 * for a browser that was given none.
 */
export type BrowserKey = string | undefined;

/**
 * A challenge that needs no row: it carries its end and a keyed digest of what it is for and of the
 * browser's own cookie (WebAuthn level 3 section 13.4.3). Only that it was answered is kept.
 * @throws Error when the browser has no cookie of the page that asks
 */
export function makeChallenge(sealer: Sealer, browser: BrowserKey, purpose: ChallengeFor): Buffer {
  if (browser === undefined) throw new Error('a challenge needs the cookie of the form before it');
  const head = Buffer.alloc(HEAD_BYTES);
  randomBytes(RANDOM_BYTES).copy(head);
  head.writeBigUInt64BE(BigInt(Date.now() + CHALLENGE_MS), RANDOM_BYTES);
  const [key] = sealer.derive('passkey-challenge');
  return Buffer.concat([head, digest(key as string, browser, purpose, head)]);
}

/**
 * Whether a challenge is ours, of this browser, for this and not too old.
 * @returns when it ends; undefined when it does not count
 */
export function checkChallenge(
  sealer: Sealer,
  browser: BrowserKey,
  purpose: ChallengeFor,
  challenge: string,
): Date | undefined {
  const bytes = Buffer.from(challenge, 'base64url');
  if (browser === undefined || bytes.length !== HEAD_BYTES + 32) return undefined;
  const head = bytes.subarray(0, HEAD_BYTES);
  // While the secret is rotated, processes differ in their newest key.
  const isOurs = sealer
    .derive('passkey-challenge')
    .some((key) =>
      timingSafeEqual(digest(key, browser, purpose, head), bytes.subarray(HEAD_BYTES)),
    );
  const expiresAt = Number(head.readBigUInt64BE(RANDOM_BYTES));
  return isOurs && expiresAt > Date.now() ? new Date(expiresAt) : undefined;
}

/** Uses a challenge up. @returns false when it was answered before, here or on another process */
export function spendChallenge(
  db: Queryable,
  challenge: string,
  expiresAt: Date,
): Promise<boolean> {
  // One spelling: base64url has several for the same bytes.
  const spelling = Buffer.from(challenge, 'base64url').toString('base64url');
  return spendProof(db, 'passkey', spelling, expiresAt);
}

function digest(key: string, browser: string, purpose: ChallengeFor, head: Buffer): Buffer {
  const { realm, rpId, purpose: what } = purpose;
  return createHmac('sha256', key)
    .update(JSON.stringify([realm, rpId, what, browser]))
    .update(head)
    .digest();
}
