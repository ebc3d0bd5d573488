import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { roomFor } from '../../../platform/work/cache-room.ts';
import type { Identity } from './session.ts';

/** How long a proof is believed at most; whoever uses it checks that it still holds. */
const KEPT_MS = 5 * 60_000;
const MAX_PROOFS = 20_000;

/**
 * Secrets that were proven a moment ago, so that an app that binds for each request costs one Argon2 a
 * few minutes and not one each time (row 25). Kept are keyed digests, of right secrets only, by who binds,
 * through which service and from which network. A wrong secret forgets the proof: the next one has to pass
 * the throttles, or whoever guesses would find here what they refuse.
 */
export type ProvenSecrets = {
  /** Who proved this secret before: to be checked against what is true now. */
  find(place: string, secret: Buffer): Identity | undefined;
  keep(place: string, secret: Buffer, identity: Identity): void;
  forget(place: string): void;
  /**
   * Proves a secret once for all who bring the same one at the same time: an app that opens thirty
   * connections at once is one attempt, not thirty.
   */
  together(place: string, secret: Buffer, prove: () => Promise<Identity>): Promise<Identity>;
};

export function createProvenSecrets(): ProvenSecrets {
  // An object and not bytes: from bytes, each digest would make one first, at seven times the cost.
  const key = createSecretKey(randomBytes(32));
  const proofs = new LRUCache<string, { digest: Buffer; identity: Identity }>({
    ...roomFor(MAX_PROOFS),
    ttl: KEPT_MS,
  });
  const digestOf = (place: string, secret: Buffer) =>
    createHmac('sha256', key).update(place).update('\0').update(secret).digest();

  const underWay = new Map<string, Promise<Identity>>();

  return {
    together(place, secret, prove) {
      const key = digestOf(place, secret).toString('base64');
      const before = underWay.get(key);
      if (before !== undefined) return before;
      const proof = prove().finally(() => underWay.delete(key));
      underWay.set(key, proof);
      return proof;
    },
    find(place, secret) {
      const proof = proofs.get(place);
      if (proof === undefined || !timingSafeEqual(proof.digest, digestOf(place, secret))) {
        return undefined;
      }
      return proof.identity;
    },
    keep(place, secret, identity) {
      proofs.set(place, { digest: digestOf(place, secret), identity });
    },
    forget(place) {
      proofs.delete(place);
    },
  };
}
