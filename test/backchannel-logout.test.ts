import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import ipaddr from 'ipaddr.js';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { endMemberSessions } from '../src/domain/sessions/end-sessions.ts';
import { ensureKeys } from '../src/domain/signing-keys/ensure-keys.ts';
import { rotateKeys } from '../src/domain/signing-keys/rotate-keys.ts';
import { listKeys } from '../src/domain/signing-keys/signing-key-store.ts';
import { createOutbound, type Outbound } from '../src/platform/outbound/outbound.ts';
import type { Claimed } from '../src/platform/outbox/outbox-store.ts';
import { startOutboxWorker } from '../src/platform/outbox/outbox-worker.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { deliverBackchannelLogout } from '../src/protocols/oidc/deliver-backchannel-logout.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import * as factories from './support/factories.ts';
import { openOutboxFeed } from './support/feed.ts';

const ISSUER = 'https://login.example/c/lamyne';
const sealer = createSealer(['a-sealing-key-of-more-than-32-characters']);
const log = pino({ level: 'silent' });
let db: TestDatabase;
let outbound: Outbound;
let communityId: string;

/** The client's server: what it was sent, and what it answers next. */
const client = {
  url: '',
  requests: [] as { method: string; url: string; type: string; form: URLSearchParams }[],
  answer: { status: 200, headers: {} as Record<string, string>, body: '' },
};
const server = createServer(async (req, res) => {
  let body = '';
  for await (const chunk of req) body += chunk;
  client.requests.push({
    method: req.method as string,
    url: req.url as string,
    type: req.headers['content-type'] as string,
    form: new URLSearchParams(body),
  });
  res.writeHead(client.answer.status, client.answer.headers).end(client.answer.body);
});

beforeAll(async () => {
  db = await cloneDatabase();
  outbound = createOutbound({ privateNetworks: [ipaddr.parseCIDR('127.0.0.0/8')] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  communityId = await buildCommunity('lamyne');
  await ensureKeys(db.database, sealer, communityId);
});
afterAll(async () => {
  await outbound.close();
  server.closeAllConnections();
  server.close();
  await db.drop();
});
beforeEach(() => {
  client.requests.length = 0;
  client.answer = { status: 200, headers: {}, body: '' };
});

async function buildCommunity(slug: string): Promise<string> {
  return (await factories.buildCommunity(db.database, { slug })).id;
}

/** Straight to the rows: an app that knows the community by an issuer of no hub here. */
async function buildClient(
  clientId: string,
  {
    uri = `${client.url}/logout?from=hub` as string | null,
    alg = 'RS256',
    community = communityId,
  } = {},
) {
  await db.database.query(
    `WITH service AS (INSERT INTO services (community_id, slug, recipe, name) VALUES ($1, lower($2), 'generic-oidc', $2) RETURNING id)
     INSERT INTO service_clients (community_id, service_id, client_id, issuer, sealed_secret, backchannel_logout_uri, id_token_signed_response_alg)
     SELECT $1, id, $2, $3, '\\x00', $4, $5 FROM service`,
    [community, clientId, ISSUER, uri, alg],
  );
}

function logout(clientId: string, community = communityId): Claimed<'backchannel-logout'> {
  return {
    id: '1',
    attempts: 1,
    kind: 'backchannel-logout',
    communityId: community,
    payload: {
      issuer: ISSUER,
      clientId,
      subject: '0b9ba7f6-3b46-4c14-8f0b-0a6d5b0f8f11',
      sid: 'sid-1',
    },
  };
}

const deliver = (clientId: string, community?: string) =>
  deliverBackchannelLogout(
    { database: db.database, sealer, outbound },
    logout(clientId, community),
  );

async function verifySent(clientId: string, index = 0) {
  const token = client.requests[index]?.form.get('logout_token') as string;
  const keys = (await listKeys(db.database, communityId)).map((key) => key.publicJwk);
  return jwtVerify(token, createLocalJWKSet({ keys }), {
    issuer: ISSUER,
    audience: clientId,
    typ: 'logout+jwt',
  });
}

test.each(['RS256', 'ES256'])(
  'a client that takes %s gets a logout token that it can verify',
  async (alg) => {
    await buildClient(`wiki-${alg}`, { alg });
    expect(await deliver(`wiki-${alg}`)).toEqual({ state: 'done' });
    expect(client.requests).toMatchObject([
      {
        method: 'POST',
        url: '/logout?from=hub',
        type: expect.stringMatching(/^application\/x-www-form-urlencoded/),
      },
    ]);
    expect([...(client.requests[0]?.form.keys() ?? [])]).toEqual(['logout_token']);

    const { payload, protectedHeader } = await verifySent(`wiki-${alg}`);
    expect(protectedHeader).toEqual({ alg, typ: 'logout+jwt', kid: expect.any(String) });
    expect(payload).toEqual({
      iss: ISSUER,
      aud: `wiki-${alg}`,
      sub: logout('').payload.subject,
      sid: 'sid-1',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: (payload.iat as number) + 120,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(Math.abs((payload.iat as number) - Date.now() / 1_000)).toBeLessThan(10);
  },
);

test('each attempt carries a token of its own', async () => {
  await buildClient('fresh');
  client.answer.status = 503;
  await deliver('fresh');
  await deliver('fresh');
  const ids = [
    (await verifySent('fresh', 0)).payload.jti,
    (await verifySent('fresh', 1)).payload.jti,
  ];
  expect(new Set(ids).size).toBe(2);
});

test('while keys rotate, tokens are signed by the key that signs now', async () => {
  await buildClient('rotating');
  await rotateKeys(db.database, sealer, communityId);
  await deliver('rotating');
  const before = await verifySent('rotating', 0);
  await rotateKeys(db.database, sealer, communityId, { mode: 'immediately' });
  await deliver('rotating');
  const after = await verifySent('rotating', 1);
  expect(after.protectedHeader.kid).not.toBe(before.protectedHeader.kid);
});

test.each([
  [204, 'done'],
  [400, 'refused'],
  [401, 'refused'],
  [404, 'refused'],
  [302, 'refused'],
  [408, 'retry'],
  [425, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
  [501, 'retry'],
  [503, 'retry'],
])('an answer of %i means %s', async (status, state) => {
  await buildClient(`answers-${status}`);
  client.answer = { status, headers: { 'retry-after': '30', location: '/elsewhere' }, body: '' };
  const outcome = await deliver(`answers-${status}`);
  expect(outcome.state).toBe(state);
  if (outcome.state !== 'done')
    expect(outcome).toMatchObject({
      reason: `the client answered ${status}`,
      retryAfterMs: 30_000,
    });
  expect(client.requests).toHaveLength(1);
});

test.each([
  [400, { error: 'invalid SID', error_description: 'The sid of the logout token was not found' }],
  [400, { error: 'session_not_found' }],
  [400, { error: 'invalid_request', error_description: 'No active session for this subject' }],
  [400, { error: 'unknownSession' }],
  [400, { error: 'invalid_request', error_description: 'User is not logged in' }],
  [404, { title: 'Session does not exist', status: 404 }],
  [410, { message: 'The session has already ended' }],
  [400, 'Unknown session'],
  [400, 'La session est introuvable'],
])('an answer of %i that says that the session is gone is success: %j', async (status, said) => {
  const clientId = `gone-${JSON.stringify(said).length}-${status}`;
  await buildClient(clientId);
  const isText = typeof said === 'string';
  const headers = { 'content-type': isText ? 'text/plain' : 'application/json' };
  client.answer = { status, headers, body: isText ? said : JSON.stringify(said) };
  expect(await deliver(clientId)).toEqual({ state: 'done' });
});

test.each([
  [
    400,
    {
      error: 'invalid SID',
      error_description: 'The sid of the logout token was found multiple times',
    },
  ],
  [
    400,
    {
      error: 'missing sid/sub',
      error_description: 'The logout token must contain at least sid or sub',
    },
  ],
  [
    400,
    {
      error: 'invalid SUB',
      error_description: 'The sub does not match the one from the login ID token',
    },
  ],
  [
    400,
    { error: 'invalid event', error_description: 'The event was not found in the logout token' },
  ],
  [
    400,
    { error: 'provider not found', error_description: 'The provider was not found in Nextcloud' },
  ],
  [400, { error: 'invalid_request', error_description: 'The logout token has expired' }],
  [400, '<html><title>Your session has expired</title>Sign in again</html>'],
  [404, '<!doctype html><title>Session: page not found</title>'],
  [401, { error: 'session_not_found' }],
  [500, { error: 'session_not_found' }],
])('an answer of %i that says something else is none: %j', async (status, said) => {
  const clientId = `not-gone-${JSON.stringify(said).length}-${status}`;
  await buildClient(clientId);
  client.answer = {
    status,
    headers: {},
    body: typeof said === 'string' ? said : JSON.stringify(said),
  };
  expect((await deliver(clientId)).state).not.toBe('done');
});

test.each([
  [
    '{"error":"invalid_request","error_description":"The logout token is too old"}',
    ' (invalid_request: The logout token is too old)',
  ],
  ['{"error":"invalid_request"}', ' (invalid_request)'],
  ['Wrong audience\r\nfor this app', ' (Wrong audience for this app)'],
  ['<html><head><title>Bad Request</title></head>secrets</html>', ' (Bad Request)'],
  ['', ''],
  ['[]', ''],
])('the reason of a refusal has the client’s words: %j', async (body, told) => {
  const clientId = `says-${body.length}`;
  await buildClient(clientId);
  client.answer = { status: 400, headers: {}, body };
  expect(await deliver(clientId)).toMatchObject({
    state: 'refused',
    reason: `the client answered 400${told}`,
  });
});

test('the reason has no token, secret or address of the client’s answer, and is short', async () => {
  await buildClient('talks');
  const { sid, subject } = logout('talks').payload;
  const secrets = [
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
    'hunter2',
    '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    'alice@lieu.example',
    'session=abc123',
    subject,
  ];
  client.answer = {
    status: 400,
    headers: {},
    body: JSON.stringify({
      error: 'invalid_request',
      error_description: `${secrets[0]} password: ${secrets[1]} Bearer ${secrets[2]} of ${secrets[3]}
        at https://app.example/x?${secrets[4]} sub=${subject} sid=${sid} ${'and so on '.repeat(100)}`,
    }),
  };
  const outcome = await deliver('talks');
  const reason = outcome.state === 'refused' ? outcome.reason : '';
  expect(reason).toContain('invalid_request');
  for (const secret of secrets) expect(reason).not.toContain(secret);
  expect(reason).not.toMatch(/[\r\n]/);
  expect(reason.length).toBeLessThan(250);
});

test('there is nothing to do for a client that is gone, has no address, or is of another community', async () => {
  await buildClient('silent', { uri: null });
  await buildClient('elsewhere', { community: await buildCommunity('other') });
  for (const clientId of ['gone', 'silent', 'elsewhere'])
    expect(await deliver(clientId)).toEqual({ state: 'done' });
  expect(client.requests).toEqual([]);
});

test('a client that is away is tried later, and one at a private address is refused', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  await buildClient('away', { uri: `http://127.0.0.1:${port}/logout` });
  expect(await deliver('away')).toEqual({
    state: 'retry',
    reason: `127.0.0.1:${port} could not be reached: ECONNREFUSED`,
  });
  await buildClient('metadata', { uri: 'http://169.254.169.254/latest' });
  expect(await deliver('metadata')).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('TROUSSEAU_PRIVATE_NETWORKS'),
  });
});

test('ending the sessions of a member tells the clients they were signed in to', async () => {
  await buildClient('signed-in');
  const { subject } = await factories.buildMember(db.database, communityId);
  // A session is made by a browser's sign-in alone.
  await db.database.query(
    `INSERT INTO sessions (community_id, id_hash, uid, subject, issuer, payload, expires_at)
     VALUES ($1, '\\x01', 'uid', $2, $3, $4, now() + interval '1 day')`,
    [
      communityId,
      subject,
      ISSUER,
      { authorizations: { 'signed-in': { sid: 'sid-of-alice' }, silent: { sid: 'x' } } },
    ],
  );
  const parts = { database: db.database, sealer, outbound };
  const feed = await openOutboxFeed(db.database);
  const worker = startOutboxWorker({
    database: db.database,
    feed,
    log,
    deliveries: { 'backchannel-logout': (message) => deliverBackchannelLogout(parts, message) },
  });
  await db.database.transaction((tx) => endMemberSessions(tx, communityId, [subject]));
  await expect.poll(() => client.requests.length, { timeout: 10_000 }).toBe(1);
  await worker.stop();
  await feed.close();
  expect((await verifySent('signed-in')).payload).toMatchObject({
    sub: subject,
    sid: 'sid-of-alice',
  });
});
