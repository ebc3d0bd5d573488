import type { Database } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { SIGNING_ALGS } from './signing-algs.ts';
import { generateSigningKey, isRetired, type SigningKey } from './signing-key.ts';
import { insertKey, listKeys, lockKeys } from './signing-key-store.ts';

/**
 * Gives a community its first keys, when it has none that sign. Any number of processes may call this
 * at once: one pair of keys comes of it.
 */
export async function ensureKeys(
  database: Database,
  sealer: Sealer,
  communityId: string,
  now = new Date(),
): Promise<void> {
  const missing = algsWithoutKey(await listKeys(database, communityId, now), now);
  if (missing.length === 0) return;
  // Takes a while, so it is done before the lock is; a process that comes second throws its pair away.
  const generated = await Promise.all(missing.map(generateSigningKey));
  await database.transaction(async (tx) => {
    await lockKeys(tx, communityId);
    const still = algsWithoutKey(await listKeys(tx, communityId, now), now);
    const keys = generated.filter((key) => still.includes(key.alg));
    for (const key of keys) {
      await insertKey(tx, sealer, communityId, key, { createdAt: now, activatesAt: now });
    }
    if (keys.length === 0) return;
    const details = { kids: keys.map((key) => key.kid) };
    await recordEvents(tx, [{ communityId, type: 'signing-keys.created', actor: 'hub', details }]);
  });
}

function algsWithoutKey(keys: SigningKey[], now: Date) {
  return SIGNING_ALGS.filter((alg) => !keys.some((key) => key.alg === alg && !isRetired(key, now)));
}
