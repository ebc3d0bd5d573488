import type { Context } from 'koa';
import type { Queryable } from '../../platform/database/database.ts';
import { SealError, type Sealer } from '../../platform/secrets/sealer.ts';

export const DEVICE_COOKIE = 'trousseau_device';
export const DEVICE_MAX_AGE_MS = 180 * 24 * 60 * 60 * 1000;

/** What a browser carries of an account that it signed in with. Times are milliseconds since 1970. */
export type DeviceNote = { subject: string; device: string; madeAt: number };

/** The note of a browser, if it is ours, of this community, and not too old. */
export function readDeviceNote(
  ctx: Context,
  sealer: Sealer,
  communityId: string,
): DeviceNote | undefined {
  const value = ctx.cookies.get(DEVICE_COOKIE, { signed: false });
  if (value === undefined || value.length > 2000) return undefined;
  try {
    const sealed = Buffer.from(value, 'base64url');
    const note: DeviceNote = JSON.parse(sealer.open(sealed, `device:${communityId}`).toString());
    return note.madeAt + DEVICE_MAX_AGE_MS < Date.now() ? undefined : note;
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** By how much the clocks of the hub and of its database may differ. */
const SKEW_MS = 2000;

/** A note from before the password was last changed says nothing: whoever was in then may be the reason. */
export async function isSinceChange(
  db: Queryable,
  personId: string,
  { madeAt }: DeviceNote,
): Promise<boolean> {
  const [since] = await db.query(
    `SELECT 1 FROM persons WHERE id = $1
       AND (password_changed_at IS NULL OR password_changed_at <= to_timestamp($2::float8 / 1000))`,
    [personId, madeAt + SKEW_MS],
  );
  return since !== undefined;
}
