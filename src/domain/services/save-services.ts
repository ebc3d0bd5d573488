import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { communityAddress } from '../communities/community-address.ts';
import { lockCommunity } from '../communities/lock-communities.ts';
import { repeatedSlugFaults } from '../communities/repeated-slugs.ts';
import { NotFoundError } from '../errors.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';
import { endLostAccess, endServices } from './end-service-access.ts';
import { isReordered, placeServices } from './place-services.ts';
import type { SavedServices, ServiceChange, ServicesOf } from './service-change.ts';
import { reorderedEvent, serviceEvents } from './service-events.ts';
import {
  type ClientRow,
  deleteClients,
  lockServices,
  type ServiceRow,
  storeAccessGroups,
  storeClients,
  storePositions,
  storeReaders,
  storeServices,
} from './service-rows.ts';
import { serviceFaults } from './service-rules.ts';
import { changedFields, type SettledService, settleService } from './settle-service.ts';

/**
 * Makes services of a community and changes others, all of them or none. Whom an access rule lets in no
 * longer loses what they have there, and so does everybody when the client has another id or goes
 * (invariant 4); the apps are told. A client id may pass from one service to another.
 * @throws NotFoundError when the community, a group, or a service that must be there is not
 * @throws RefusedChangesError with every fault of every change
 * @throws SealError when a secret is given, and the stored one does not open with the hub's sealing keys
 */
export async function saveServices(
  tx: Transaction,
  place: ServicesOf,
  changes: readonly ServiceChange[],
  actor: Actor,
): Promise<SavedServices> {
  const { communityId, hubUrl } = place;
  await lockCommunity(tx, communityId);
  const rows = await lockServices(tx, communityId);
  const known = new Map(rows.map((row) => [row.slug, row]));
  const issuer = await communityAddress(tx, new URL(hubUrl), communityId);
  const settled = changes.map((change, index) =>
    settleService(change, index, known.get(change.slug), issuer, place),
  );
  refuseFaults([
    ...repeatedSlugFaults(changes),
    ...settled.flatMap(faultsOf),
    ...takenIds(rows, settled),
  ]);
  await requireGroups(tx, communityId, settled);
  const order = placeAll(rows, settled);
  const fields = settled.map(changedFields);
  await store(tx, communityId, settled, fields);
  await storePositions(tx, communityId, moved(rows, order));
  await endLostAccess(
    tx,
    communityId,
    settled.filter(({ index }) => fields[index]?.includes('access')).map(({ after }) => after.id),
  );
  const services = settled.map(({ before, after, index }) => ({
    before,
    after,
    fields: fields[index] as string[],
  }));
  const reordered = order !== undefined && isReordered(rows, order);
  await recordEvents(tx, [
    ...serviceEvents(communityId, services, actor),
    ...(reordered ? [reorderedEvent(communityId, actor)] : []),
  ]);
  return { services, reordered };
}

function faultsOf({ index, change, before, after }: SettledService): PlacedFault[] {
  const { slug, must } = change;
  if (before === undefined && must === 'exist') throw new NotFoundError('service', slug);
  const faults = serviceFaults(change, after).map((fault) => ({ ...fault, index }));
  if (before === undefined || must !== 'be-new') return faults;
  const fault = `is a service "${slug}" already: choose another slug`;
  return [...faults, { index, code: 'slug-taken', path: ['slug'], subject: 'there', fault }];
}

/** Client ids are unique in a community, as its services will be. */
function takenIds(rows: readonly ServiceRow[], settled: readonly SettledService[]): PlacedFault[] {
  const after = new Map(
    [...rows, ...settled.map((item) => item.after)].map((row) => [row.id, row]),
  );
  return settled.flatMap(({ index, change, after: { id, client } }): PlacedFault[] => {
    const isTaken = [...after.values()].some(
      (other) => other.id !== id && other.client !== null && other.client.id === client?.id,
    );
    if (!isTaken || change.client == null) return [];
    const fault = 'is the client id of another service of this community: give another';
    const subject = `"${client?.id}"`;
    return [{ index, code: 'client-id-taken', path: ['client', 'id'], subject, fault }];
  });
}

/** @throws NotFoundError for groups of another community as for those of none */
async function requireGroups(
  tx: Transaction,
  communityId: string,
  settled: readonly SettledService[],
): Promise<void> {
  const wanted = [
    ...new Set(
      settled.flatMap(({ change: { access } }) =>
        typeof access === 'object' ? access.groups : [],
      ),
    ),
  ];
  if (wanted.length === 0) return;
  const groups = await tx.query(
    'SELECT 1 FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR KEY SHARE',
    [communityId, wanted],
  );
  if (groups.length < wanted.length) throw new NotFoundError('group');
}

/** Settles positions too, where a service is new or placed. */
function placeAll(
  rows: readonly ServiceRow[],
  settled: readonly SettledService[],
): Map<string, number> | undefined {
  const moves = settled.some(
    ({ before, change }) => before === undefined || change.position !== undefined,
  );
  if (!moves) return undefined;
  const order = placeServices(
    rows,
    settled.map(({ change, after }) => ({ id: after.id, position: change.position })),
  );
  for (const { after } of settled) after.position = order.get(after.id) as number;
  return order;
}

function moved(
  rows: readonly ServiceRow[],
  order: ReadonlyMap<string, number> | undefined,
): { id: string; position: number }[] {
  return rows.flatMap(({ id, position: before }) => {
    const position = order?.get(id) ?? before;
    return position === before ? [] : [{ id, position }];
  });
}

async function store(
  tx: Transaction,
  communityId: string,
  settled: readonly SettledService[],
  fields: readonly string[][],
): Promise<void> {
  const having = (isSo: (field: string) => boolean) =>
    settled.filter(({ before, index }) => before === undefined || fields[index]?.some(isSo));
  const rows = (services: readonly SettledService[]) => services.map(({ after }) => after);
  const own = having((field) => !field.startsWith('client.') && field !== 'ldap.password');
  await storeServices(tx, communityId, rows(own));
  await storeAccessGroups(tx, communityId, rows(having((field) => field === 'access')));
  await storeReaders(tx, communityId, rows(having((field) => field === 'ldap.password')));
  // Another id is another client: what the old one was issued ends.
  const ended = settled.filter(
    ({ before, after }) => before?.client && before.client.id !== after.client?.id,
  );
  const endedIds = ended.map(({ after }) => after.id);
  await endServices(tx, communityId, endedIds);
  await deleteClients(tx, communityId, endedIds);
  await storeClients(
    tx,
    communityId,
    rows(having((field) => field.startsWith('client.'))).filter(
      (row): row is ServiceRow & { client: ClientRow } => row.client !== null,
    ),
  );
}
