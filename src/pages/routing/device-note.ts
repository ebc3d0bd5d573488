import type { Context } from 'koa';
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
