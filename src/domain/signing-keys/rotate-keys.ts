import type { Database, Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { SIGNING_ALGS } from './signing-algs.ts';
import {
  type GeneratedKey,
  generateSigningKey,
  isUpcoming,
  OVERLAP_MS,
  PUBLISHED_AFTER_RETIREMENT_MS,
  type SigningKey,
} from './signing-key.ts';
import {
  deleteKeys,
  deleteUpcomingKeys,
  insertKey,
  listKeys,
  lockKeys,
  retireKeys,
} from './signing-key-store.ts';

export type RotationOptions = {
  now?: Date;
  actor?: Actor;
  /** Milliseconds from the publication of the new keys to their first signature. */
  overlap?: number;
  /**
   * `overlapping`: clients learn of the new keys before they are used. `immediately`: the new keys
   * sign at once, the old stay published. `withdraw`: the old keys leaked; nothing they signed
   * verifies any more.
   */
  mode?: 'overlapping' | 'immediately' | 'withdraw';
  /** Only keys that were made at that time or before are replaced. */
  madeBefore?: Date;
};

export type Rotation = {
  /** Of the new keys; empty when there was nothing to do, a rotation being under way already. */
  kids: string[];
  /** When the new keys begin to sign. */
  activatesAt: Date;
};

/**
 * Replaces a community's keys, of each algorithm. What the old ones signed goes on verifying against
 * the published set for 30 days after their last signature (unless they are withdrawn).
 */
export async function rotateKeys(
  database: Database,
  sealer: Sealer,
  communityId: string,
  options: RotationOptions = {},
): Promise<Rotation> {
  const { now = new Date(), mode = 'overlapping', actor = 'hub' } = options;
  const activatesAt = new Date(
    +now + (mode === 'overlapping' ? (options.overlap ?? OVERLAP_MS) : 0),
  );
  // Takes a while, so it is done before the lock is.
  const generated = await Promise.all(SIGNING_ALGS.map(generateSigningKey));
  return database.transaction(async (tx) => {
    await lockKeys(tx, communityId);
    const present = await listKeys(tx, communityId, now);
    const fresh = generated.filter(({ alg }) =>
      isReplaceable(
        present.filter((key) => key.alg === alg),
        { ...options, mode, now },
      ),
    );
    for (const key of fresh)
      await replace(tx, sealer, communityId, key, { now, mode, activatesAt });
    const kids = fresh.map((key) => key.kid);
    if (kids.length > 0) {
      const details = { kids, mode, activatesAt };
      await recordEvents(tx, [{ communityId, type: 'signing-keys.rotated', actor, details }]);
    }
    return { kids, activatesAt };
  });
}

function isReplaceable(
  keys: SigningKey[],
  { now, mode, madeBefore }: RotationOptions & { now: Date },
): boolean {
  if (mode === 'overlapping' && keys.some((key) => isUpcoming(key, now))) return false;
  return madeBefore === undefined || !keys.some((key) => key.createdAt > madeBefore);
}

async function replace(
  tx: Transaction,
  sealer: Sealer,
  communityId: string,
  key: GeneratedKey,
  times: { now: Date; activatesAt: Date; mode: RotationOptions['mode'] },
): Promise<void> {
  const { now, activatesAt, mode } = times;
  if (mode === 'withdraw') {
    await deleteKeys(tx, communityId, key.alg);
  } else {
    await deleteUpcomingKeys(tx, communityId, key.alg, now);
    const expiresAt = new Date(+activatesAt + PUBLISHED_AFTER_RETIREMENT_MS);
    await retireKeys(tx, communityId, key.alg, { retiresAt: activatesAt, expiresAt });
  }
  await insertKey(tx, sealer, communityId, key, { createdAt: now, activatesAt });
}
