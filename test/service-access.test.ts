import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clientSecretContext } from '../src/domain/communities/community.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { approveAccess, blockAccess } from '../src/domain/services/decide-access.ts';
import { requestAccess } from '../src/domain/services/request-access.ts';
import { rotateClientSecret } from '../src/domain/services/rotate-client-secret.ts';
import {
  accessOf,
  findServiceBySlug,
  listAccessRequests,
} from '../src/domain/services/service-store.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { addToGroup } from './support/add-to-group.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories, sealer } from './support/domain.ts';
import { nestGroup } from './support/nest-group.ts';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let community: string;
let subject: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
});
beforeEach(async () => {
  community = await make.buildCommunity();
  subject = await make.buildMember(community, { username: 'alice' });
});
afterAll(() => db.drop());

const change = <Result>(work: (tx: Transaction) => Promise<Result>) =>
  db.database.transaction(work);
const at = (id: string) => ({ id, issuerUrl: 'https://lieu.example' });
const access = (serviceId: string) => accessOf(db.database, community, serviceId, subject);

test('a request waits in the list until it is answered, and is made once', async () => {
  const { serviceId, slug } = await make.buildService(community, { access: 'approval' });
  expect(await access(serviceId)).toEqual({ allowed: false, reason: 'approval' });
  const request = () => change((tx) => requestAccess(tx, at(community), serviceId, subject));
  expect(await Promise.all([request(), request()])).toEqual(['requested', 'requested']);
  expect(await access(serviceId)).toEqual({ allowed: false, reason: 'requested' });
  expect(await listAccessRequests(db.database, community)).toMatchObject([
    { service: slug, subject, username: 'alice' },
  ]);
  const place = { serviceId, subject, issuerUrl: undefined };
  expect(await change((tx) => approveAccess(tx, community, place, 'cli'))).toBe(true);
  expect(await change((tx) => approveAccess(tx, community, place, 'cli'))).toBe(false);
  expect(await access(serviceId)).toEqual({ allowed: true });
  expect(await listAccessRequests(db.database, community, serviceId)).toEqual([]);
  expect(await request()).toBe('active');
  const events = await db.database.query(
    "SELECT type, actor FROM events WHERE service_id = $1 AND type LIKE 'account.%' ORDER BY id",
    [serviceId],
  );
  expect(events).toEqual([
    { type: 'account.requested', actor: `member:${subject}` },
    { type: 'account.approved', actor: 'cli' },
  ]);
});

test('who was refused cannot ask again, and a service that takes no requests gets none', async () => {
  const { serviceId } = await make.buildService(community, { access: 'approval' });
  await change((tx) =>
    blockAccess(tx, community, { serviceId, subject, issuerUrl: undefined }, 'cli'),
  );
  expect(await change((tx) => requestAccess(tx, at(community), serviceId, subject))).toBe(
    'blocked',
  );
  const open = await make.buildService(community);
  await expect(
    change((tx) => requestAccess(tx, at(community), open.serviceId, subject)),
  ).rejects.toMatchObject({ code: 'no-approval' });
});

test('a block ends what the member has at that service, and only there', async () => {
  const [carnet, agenda] = [await make.buildService(community), await make.buildService(community)];
  const other = await make.buildMember(community);
  await make.buildSession(community, subject, [carnet.clientId, agenda.clientId]);
  await make.buildSession(community, other, [carnet.clientId]);
  const place = { serviceId: carnet.serviceId, subject, issuerUrl: undefined };
  expect(await change((tx) => blockAccess(tx, community, place, 'cli'))).toBe(true);
  expect(await access(carnet.serviceId)).toEqual({ allowed: false, reason: 'blocked' });
  expect(await access(agenda.serviceId)).toEqual({ allowed: true });

  const sessions = await db.database.query(
    `SELECT payload -> 'authorizations' AS authorizations FROM sessions WHERE subject = $1`,
    [subject],
  );
  expect(sessions.map((row) => Object.keys(row.authorizations))).toEqual([[agenda.clientId]]);
  const tokens = await db.database.query(
    'SELECT subject, client_id FROM oidc_artifacts WHERE community_id = $1 ORDER BY subject = $2, client_id',
    [community, subject],
  );
  expect(tokens).toEqual([
    { subject: other, client_id: carnet.clientId },
    { subject, client_id: agenda.clientId },
  ]);
  const messages = await db.database.query('SELECT payload FROM outbox WHERE community_id = $1', [
    community,
  ]);
  expect(messages.map((row) => row.payload)).toMatchObject([
    { clientId: carnet.clientId, subject, sid: `sid-${carnet.clientId}` },
  ]);
});

test('access follows groups through nesting, and ends with the membership', async () => {
  const [inner, outer] = [await make.buildGroup(community), await make.buildGroup(community)];
  const { serviceId } = await make.buildService(community, { access: { groups: [outer] } });
  expect(await access(serviceId)).toEqual({ allowed: false, reason: 'groups' });
  await change((tx) => addToGroup(tx, community, { groupId: inner, subject }, 'cli'));
  await change((tx) => nestGroup(tx, community, { parentId: outer, childId: inner }, 'cli'));
  expect(await access(serviceId)).toEqual({ allowed: true });
  await change((tx) => setMemberStatus(tx, community, subject, 'suspend', 'cli'));
  expect(await access(serviceId)).toEqual({ allowed: false, reason: 'membership' });
});

test('a rotated secret replaces the sealed one and is in no event', async () => {
  const { serviceId, slug } = await make.buildService(community);
  const secret = await change((tx) => rotateClientSecret(tx, sealer, community, serviceId, 'cli'));
  const service = await findServiceBySlug(db.database, community, slug);
  const sealed = service?.client?.sealedSecret as Buffer;
  expect(sealer.open(sealed, clientSecretContext(community, serviceId)).toString()).toBe(secret);
  expect(JSON.stringify(await db.database.query('SELECT * FROM events'))).not.toContain(secret);
  await db.database.query('DELETE FROM service_clients WHERE service_id = $1', [serviceId]);
  await expect(
    change((tx) => rotateClientSecret(tx, sealer, community, serviceId, 'cli')),
  ).rejects.toMatchObject({ code: 'no-secret' });
});
