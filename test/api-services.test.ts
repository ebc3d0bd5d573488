import { verify } from '@node-rs/argon2';
import { beforeAll, describe, expect, test } from 'vitest';
import { requestAccess } from '../src/domain/services/request-access.ts';
import { apiClient, newToken } from './support/api-client.ts';
import { buildGroup, buildMember } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web' },
  community: { slug: 'lieu', registration: 'approval' },
});
let api: ReturnType<typeof apiClient>;

beforeAll(async () => {
  const { token } = await newToken(hub, hub.community, [
    'services:read',
    'services:write',
    'invitations:read',
    'invitations:write',
    'requests:read',
    'requests:write',
    'journal:read',
  ]);
  api = apiClient(hub, token);
  await hub.newMember({ role: 'owner' });
  await buildGroup(hub.database, hub.community.id, 'Bureau');
});

const typeOf = ({ body }: { body: { type: string } }) => body.type.split(':').at(-1);

describe('services by the API', () => {
  const wiki = {
    slug: 'wiki',
    recipe: 'generic-oidc',
    access: { groups: ['bureau'] },
    client: { id: 'wiki', redirectUris: ['https://wiki.example/cb'] },
  };

  test('are registered with a secret that is shown once, also to who asks again', async () => {
    const key = { 'idempotency-key': 'wiki-1' };
    const made = await api.post('/services', wiki, key);
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        slug: 'wiki',
        access: { groups: ['Bureau'] },
        reader: false,
        client: { id: 'wiki', auth: 'client_secret_basic', issuer: `${hub.url}/c/lieu` },
      },
    ]);
    const { secret } = made.body;
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect((await api.post('/services', wiki, key)).body.secret).toBe(secret);
    const shown = await api.get('/services/wiki');
    expect([shown.etag, JSON.stringify(shown.body).includes(secret)]).toEqual([made.etag, false]);
    const stored = await hub.database.query('SELECT sealed_answer AS sealed FROM api_answers');
    expect(stored.some(({ sealed }) => sealed.toString('latin1').includes(secret))).toBe(false);
    const rotated = await api.post('/services/wiki/rotate-secret');
    expect(rotated.body.secret).not.toBe(secret);
  });

  test('are changed and taken away', async () => {
    const client = { auth: { only: 'client_secret_post' }, redirectUris: ['https://w.example/cb'] };
    const changed = await api.patch('/services/wiki', { access: 'approval', client }, '*');
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { access: 'approval', client: { id: 'wiki', ...client } },
    ]);
    const wrong = await api.patch(
      '/services/wiki',
      { client: { redirectUris: ['javascript:alert(1)'] } },
      '*',
    );
    expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([422, '/client/redirectUris/0']);
    const reader = await api.post('/services/wiki/reader', undefined, { 'idempotency-key': 'r' });
    expect(reader.body).toEqual({
      dn: 'cn=wiki,ou=services,o=lieu',
      password: expect.stringMatching(/^[\w-]{43}$/),
    });
    const again = await api.post('/services/wiki/reader', undefined, { 'idempotency-key': 'r' });
    expect(again.body).toEqual(reader.body);
    const [kept] = await hub.database.query('SELECT password_hash AS hash FROM service_readers');
    expect(await verify(kept.hash, reader.body.password)).toBe(true);
    expect((await api.get('/services/wiki')).body.reader).toBe(true);
    expect((await api.call('DELETE', '/services/wiki/reader')).status).toBe(204);
    expect((await api.get('/services/wiki')).body.reader).toBe(false);
    expect((await api.delete('/services/wiki', '*')).status).toBe(204);
    expect((await api.get('/services/wiki')).status).toBe(404);
  });
});

describe('invitations by the API', () => {
  test('are made with their link, listed without it, and revoked', async () => {
    const made = await api.post('/invitations', { label: 'Fête', groups: ['Bureau'], maxUses: 3 });
    expect([made.status, made.body]).toMatchObject([
      201,
      { label: 'Fête', role: 'member', groups: ['Bureau'], maxUses: 3, uses: 0, state: 'open' },
    ]);
    expect(made.body.url).toMatch(new RegExp(`^${hub.url}/c/lieu/invitations/[\\w-]{43}$`));
    expect((await fetch(made.body.url)).status).toBe(200);
    for (const label of ['b', 'c']) await api.post('/invitations', { label });
    const first = await api.get('/invitations?limit=2');
    const second = await api.get(`/invitations?limit=2&cursor=${first.body.next}`);
    const labels = [...first.body.items, ...second.body.items].map(({ label }) => label);
    expect([labels, second.body.next]).toEqual([['c', 'b', 'Fête'], null]);
    expect(JSON.stringify(second.body)).not.toContain(made.body.url.slice(-43));
    expect((await api.call('DELETE', `/invitations/${made.body.id}`)).status).toBe(204);
    expect((await fetch(made.body.url)).status).not.toBe(200);
  });

  test('of an admin’s token give no role, and end with the admin’s', async () => {
    const { subject } = await hub.newMember({ role: 'admin' });
    const by = { subject, role: 'admin' as const };
    const scopes = ['invitations:write'] as const;
    const admin = apiClient(hub, (await newToken(hub, hub.community, scopes, by)).token);
    const refused = await admin.post('/invitations', { label: 'Chef', role: 'owner' });
    expect([refused.status, typeOf(refused)]).toEqual([403, 'invitation-role']);
    expect((await admin.post('/invitations', { label: 'Ami' })).status).toBe(201);
    const [row] = await hub.database.query(
      `SELECT i.created_by AS by, e.actor FROM invitations i JOIN events e
         ON e.type = 'invitation.created' AND e.details ->> 'invitation' = i.id::text WHERE i.label = 'Ami'`,
    );
    expect(row).toEqual({ by: subject, actor: expect.stringMatching(/^token:/) });
  });
});

describe('requests by the API', () => {
  test('are listed and answered, once', async () => {
    const { subject } = await buildMember(hub.database, hub.community.id, {
      username: 'demande',
      status: 'requested',
    });
    const waiting = await api.get('/requests/join');
    expect(waiting.body.items).toMatchObject([{ subject, username: 'demande', answers: [] }]);
    const path = `/requests/join/${subject}`;
    expect((await api.post(path, { decision: 'admit' })).status).toBe(204);
    const late = await api.post(path, { decision: 'refuse' });
    expect([late.status, typeOf(late)]).toEqual([409, 'state']);
    expect((await api.get('/requests/join')).body.items).toEqual([]);
  });

  test('for a service are listed and answered, once', async () => {
    const member = await hub.newMember({ username: 'lecteur' });
    const service = await hub.newService({ slug: 'forum', access: 'approval' });
    const place = { id: hub.community.id, issuerUrl: hub.issuer };
    await hub.database.transaction((tx) => requestAccess(tx, place, service.id, member.subject));
    const { items } = (await api.get('/requests/access')).body;
    expect(items).toMatchObject([{ service: 'forum', username: 'lecteur' }]);
    const path = `/requests/access/forum/${member.subject}`;
    const answers = await Promise.all(
      ['admit', 'admit', 'refuse'].map((decision) => api.post(path, { decision })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409, 409]);
  });
});

test('the journal tells who did what, by type and page', async () => {
  const all = await api.get('/journal?type=invitation.created&limit=2');
  expect(all.body.items.map(({ type }: { type: string }) => type)).toEqual([
    'invitation.created',
    'invitation.created',
  ]);
  const next = await api.get(`/journal?type=invitation.created&cursor=${all.body.next}`);
  expect(next.body.items.length).toBe(2);
  expect((await api.get(`/journal?cursor=${all.body.next}`)).status).toBe(400);
  expect((await api.get('/journal?subject=x')).body.errors[0].parameter).toBe('subject');
});
