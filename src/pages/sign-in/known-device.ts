import type { Context } from 'koa';
import type { Queryable } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import {
  DEVICE_COOKIE,
  DEVICE_MAX_AGE_MS,
  type DeviceNote,
  isSinceChange,
  readDeviceNote,
} from '../routing/device-note.ts';

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
  const [member] = await database.query<{ personId: string }>(
    'SELECT person_id AS "personId" FROM memberships WHERE community_id = $1 AND subject = $2',
    [communityId, subject],
  );
  const counts = member !== undefined && (await isSinceChange(database, member.personId, note));
  return counts ? note.device : undefined;
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
