import type { Context } from 'koa';
import type { Queryable } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import {
  DEVICE_COOKIE,
  DEVICE_MAX_AGE_MS,
  type DeviceNote,
  readDeviceNote,
} from '../routing/device-note.ts';

/** By how much the clocks of the hub and of its database may differ. */
const SKEW_MS = 2000;

/**
 * A browser that an account signed in with before carries a sealed note of it. It opens nothing: it
 * only lets the member's own attempts be counted apart from a stranger's. A note from before the
 * password was last changed says nothing: whoever was in then may be the reason for the change.
 */
export async function knownDevice(
  { database, sealer }: { database: Queryable; sealer: Sealer },
  ctx: Context,
  communityId: string,
  subject: string,
): Promise<string | undefined> {
  const note = readDeviceNote(ctx, sealer, communityId);
  if (note?.subject !== subject) return undefined;
  const [since] = await database.query(
    `SELECT 1 FROM memberships m JOIN persons p ON p.id = m.person_id
     WHERE m.community_id = $1 AND m.subject = $2
       AND (p.password_changed_at IS NULL OR p.password_changed_at <= to_timestamp($3::float8 / 1000))`,
    [communityId, subject, note.madeAt + SKEW_MS],
  );
  return since === undefined ? undefined : note.device;
}

export function rememberDevice(
  { sealer }: { sealer: Sealer },
  { ctx, community, issuer }: CommunityRequest,
  subject: string,
): void {
  const note: DeviceNote = { subject, device: newToken(), madeAt: Date.now() };
  const sealed = sealer.seal(JSON.stringify(note), `device:${community.id}`);
  ctx.cookies.set(DEVICE_COOKIE, sealed.toString('base64url'), {
    httpOnly: true,
    sameSite: 'lax',
    path: issuer.basePath || '/',
    maxAge: DEVICE_MAX_AGE_MS,
    signed: false,
    overwrite: true,
  });
}
