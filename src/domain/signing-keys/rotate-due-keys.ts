import type { Database } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { DAY_MS } from '../../platform/time/units.ts';
import { rotateKeys } from './rotate-keys.ts';

/** How long a key signs before the schedule replaces it. */
export const ROTATION_PERIOD_MS = 90 * DAY_MS;

/**
 * Rotates the keys of every active community whose keys are 90 days old. Each is rotated once,
 * however many processes do this at the same time: age is looked at again under the community's lock.
 * Keys of a community that is frozen or moved travel with its archive, so they are left alone.
 * @returns the ids of the communities whose keys were rotated
 */
export async function rotateDueKeys(
  database: Database,
  sealer: Sealer,
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<string[]> {
  const madeBefore = new Date(+now - ROTATION_PERIOD_MS);
  const due = await database.query<{ id: string }>(
    `SELECT c.id FROM communities c
     WHERE c.state = 'active' AND EXISTS (
       SELECT 1 FROM signing_keys k WHERE k.community_id = c.id
       GROUP BY k.alg HAVING max(k.created_at) <= $1)
     ORDER BY c.id`,
    [madeBefore],
  );
  const rotated: string[] = [];
  for (const { id } of due) {
    if (signal?.aborted) break;
    const { kids } = await rotateKeys(database, sealer, id, { now, madeBefore });
    if (kids.length > 0) rotated.push(id);
  }
  return rotated;
}
