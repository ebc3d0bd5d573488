import type { Queryable } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import {
  DEVICE_COOKIE,
  DEVICE_MAX_AGE_MS,
  type DeviceNote,
  isSinceChange,
  readDeviceNote,
} from '../routing/device-note.ts';
import type { HubRequest } from '../routing/hub-request.ts';

/** No community's id. */
const PLACE = 'operators';

type Parts = { database: Queryable; sealer: Sealer };

/** As `knownDevice` for members: a browser that the operator signed in with is counted apart from strangers. */
export async function knownOperatorDevice(
  { database, sealer }: Parts,
  { ctx }: HubRequest,
  operator: { id: string; personId: string } | undefined,
): Promise<string | undefined> {
  const note = readDeviceNote(ctx, sealer, PLACE);
  if (operator === undefined || note?.subject !== operator.id) return undefined;
  return (await isSinceChange(database, operator.personId, note)) ? note.device : undefined;
}

export function rememberOperatorDevice(
  { sealer }: Pick<Parts, 'sealer'>,
  { ctx }: HubRequest,
  operatorId: string,
): void {
  const note: DeviceNote = { subject: operatorId, device: newToken(), madeAt: Date.now() };
  const sealed = sealer.seal(JSON.stringify(note), `device:${PLACE}`);
  ctx.cookies.set(DEVICE_COOKIE, sealed.toString('base64url'), {
    httpOnly: true,
    sameSite: 'strict',
    path: '/operator',
    maxAge: DEVICE_MAX_AGE_MS,
    signed: false,
    overwrite: true,
  });
}
