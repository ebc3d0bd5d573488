import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { lockCommunity } from '../communities/lock-communities.ts';
import { NotFoundError } from '../errors.ts';
import { endServices } from './end-service-access.ts';
import { placeServices } from './place-services.ts';
import { deleteServices, lockServices, type ServiceRow, storePositions } from './service-rows.ts';

/**
 * Takes services away, with every token that their apps hold and all that members have there: sessions,
 * accounts, app passwords. Their apps are told that everybody is signed out.
 * @returns what was there
 * @throws NotFoundError when a service is not of this community
 */
export async function removeServices(
  tx: Transaction,
  communityId: string,
  serviceIds: readonly string[],
  actor: Actor,
): Promise<ServiceRow[]> {
  if (serviceIds.length === 0) return [];
  await lockCommunity(tx, communityId);
  const rows = await lockServices(tx, communityId);
  const gone = rows.filter(({ id }) => serviceIds.includes(id));
  if (gone.length < new Set(serviceIds).size) throw new NotFoundError('service');
  await endServices(tx, communityId, serviceIds);
  await deleteServices(tx, communityId, serviceIds);
  const left = rows.filter((row) => !gone.includes(row));
  const order = placeServices(left, []);
  const moved = left
    .map(({ id, position }) => ({ id, position: order.get(id) as number, before: position }))
    .filter(({ position, before }) => position !== before);
  await storePositions(tx, communityId, moved);
  await recordEvents(
    tx,
    gone.map(({ id: serviceId, slug }) => ({
      communityId,
      type: 'service.removed',
      actor,
      serviceId,
      details: { slug },
    })),
  );
  return gone;
}
