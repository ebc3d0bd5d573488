import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { SETTING_NAMES } from '../src/domain/communities/community-settings.ts';
import { type ApiReply, apiClient, newToken } from './support/api-client.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web' },
  community: { slug: 'lieu' },
  neighbour: { slug: 'voisin' },
});
let api: ReturnType<typeof apiClient>;
let operator: ReturnType<typeof apiClient>;

beforeAll(async () => {
  const scopes = ['settings:read', 'settings:write', 'groups:read', 'groups:write'] as const;
  api = apiClient(hub, (await newToken(hub, hub.community, scopes)).token);
  const ofHub = ['communities:read', 'communities:write'] as const;
  operator = apiClient(hub, (await newToken(hub, undefined, ofHub)).token);
});

const typeOf = ({ body }: { body: { type: string } }) => body.type.split(':').at(-1);

describe('a token', () => {
  test('says what it opens', async () => {
    expect((await api.get('/token')).body).toMatchObject({
      community: 'lieu',
      scopes: ['groups:read', 'groups:write', 'settings:read', 'settings:write'],
    });
    expect((await operator.get('/token')).body.community).toBeNull();
  });

  test('is refused as RFC 6750 has it, and never counts for those beside it', async () => {
    const nobody = await apiClient(hub, undefined).get('/token');
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="trousseau"',
    ]);
    const wrong = await apiClient(hub, `trs_${'a'.repeat(49)}`).get('/token');
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="trousseau", error="invalid_token"',
    ]);
    const scope = await api.get('/members');
    expect([scope.status, scope.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="trousseau", error="insufficient_scope", scope="members:read"',
    ]);
    const many = await Promise.all(
      Array.from({ length: 130 }, () => apiClient(hub, 'trs_no').get('/token')),
    );
    const late = many.filter(({ status }) => status === 429);
    expect(late.length).toBeGreaterThan(0);
    expect(Number(late[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await api.get('/token')).status).toBe(200);
  });

  test('is slowed when it asks without end', async () => {
    const { token } = await newToken(hub, hub.neighbour, ['settings:read']);
    const busy = apiClient(hub, token);
    let last = await busy.get('/token');
    for (let round = 0; round < 301 && last.status === 200; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => busy.get('/token')));
      last = answers.find(({ status }) => status !== 200) ?? last;
    }
    expect([last.status, typeOf(last)]).toEqual([429, 'too-many']);
    expect((await api.get('/token')).status).toBe(200);
  });
});

describe('requests of one token', () => {
  test('take ten places at once, and none of those of others', async () => {
    const own = await newToken(hub, hub.community, ['groups:write', 'settings:read']);
    const beside = apiClient(hub, own.token);
    // Each waits for a body that does not come.
    const waiting = Array.from({ length: 10 }, () => {
      const sent = request(`${hub.url}/api/v1/groups`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${own.token}`,
          'content-type': 'application/json',
          'content-length': '10',
        },
      });
      sent.on('error', () => {});
      sent.flushHeaders();
      return sent;
    });
    const busy = await until(503, () => beside.get('/token'));
    expect([busy.status, Number(busy.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect((await api.get('/token')).status).toBe(200);
    for (const sent of waiting) sent.destroy();
    expect((await until(200, () => beside.get('/token'))).status).toBe(200);
  });
});

/** Asks until it is answered so, a hundred times at the most. */
async function until(status: number, ask: () => Promise<ApiReply>): Promise<ApiReply> {
  let reply = await ask();
  for (let count = 0; count < 100 && reply.status !== status; count += 1) reply = await ask();
  return reply;
}

describe('the settings of a community', () => {
  test('are shown and changed by the names of the declarative file', async () => {
    const before = await api.get('/community');
    const { status, body } = await api.patch(
      '/community',
      {
        registration: 'approval',
        branding: { accent: '#0A7D5A' },
        policies: { secondFactor: 'admins', secondFactorFrom: '2027-01-31' },
        questions: [{ text: 'Qui êtes-vous ?' }],
        ldap: { passwordBind: true },
      },
      before.etag,
    );
    expect([status, body]).toMatchObject([
      200,
      {
        ...before.body,
        registration: 'approval',
        branding: { accent: '#0a7d5a' },
        policies: {
          secondFactor: 'admins',
          secondFactorFrom: '2027-01-31T00:00:00Z',
          recoveryDelayHours: 72,
        },
        questions: [{ text: 'Qui êtes-vous ?', required: true }],
        ldap: { base: 'o=lieu', passwordBind: true, openToOperators: false },
      },
    ]);
  });

  test('are all there but for the logo, also those that others will add', async () => {
    const { body } = await api.get('/community');
    const shown = (path: string) =>
      path.split('.').reduce((value, key) => value?.[key], body) !== undefined;
    expect(Object.values(SETTING_NAMES).filter((path) => !shown(path))).toEqual(['branding.logo']);
    const face = {
      description: 'Un lieu\n\noù tout se fait',
      town: 'Villeurbanne',
      links: [{ name: 'Site', url: 'https://lieu.example/' }],
      listed: true,
      branding: { accent: '#0a7d5a', welcome: 'Bienvenue' },
    };
    expect((await api.patch('/community', face, '*')).body).toMatchObject(face);
  });

  test('are not the operator’s: hosts, state and base stay', async () => {
    const wanted = { hosts: ['x.example'], state: 'archived', ldap: { base: 'o=x' } };
    const { status, body } = await api.patch('/community', wanted, '*');
    const pointers = body.errors.map(({ pointer }: { pointer: string }) => pointer).sort();
    expect([status, pointers]).toEqual([422, ['/hosts', '/ldap/base', '/state']]);
  });

  test('say where a fault of the domain is', async () => {
    const questions = [{ text: 'Deux ?' }, { text: 'Deux ?' }];
    const { status, body } = await api.patch('/community', { questions }, '*');
    expect([status, body.errors[0].pointer]).toEqual([422, '/questions']);
    expect(
      (await api.patch('/community', { branding: { accent: 'red' } }, '*')).body.errors,
    ).toEqual([{ pointer: '/branding/accent', detail: expect.stringContaining('#0a7d5a') }]);
  });
});

describe('groups', () => {
  test('are made inside each other, filled, emptied and deleted', async () => {
    const jardin = await api.post('/groups', { name: 'Jardin' });
    const tout = await api.post('/groups', { name: 'Tout', groups: ['jardin'] });
    expect([tout.status, tout.body.groups]).toEqual([201, ['Jardin']]);
    const round = await api.patch(`/groups/${jardin.body.id}`, { groups: ['Tout'] }, '*');
    expect([round.status, typeOf(round)]).toEqual([422, 'group-cycle']);
    const alone = await api.patch(`/groups/${tout.body.id}`, { groups: [] }, tout.etag);
    expect([alone.status, alone.body.groups]).toEqual([200, []]);
    await api.patch(`/groups/${tout.body.id}`, { groups: ['Jardin'] }, alone.etag);
    const { subject } = await hub.newMember({ username: 'alice' });
    const place = `/groups/${jardin.body.id}/members`;
    for (const _ of ['once', 'twice'])
      expect((await api.call('PUT', `${place}/${subject}`)).status).toBe(204);
    expect((await api.get(place)).body).toEqual({
      items: [{ subject, username: 'alice', status: 'active' }],
      next: null,
    });
    const { subject: other } = await hub.newMember({ username: 'bob' });
    await api.call('PUT', `${place}/${other}`);
    const first = await api.get(`${place}?limit=1`);
    const second = await api.get(`${place}?limit=1&cursor=${first.body.next}`);
    const usernames = [...first.body.items, ...second.body.items].map(({ username }) => username);
    expect([usernames, second.body.next]).toEqual([['alice', 'bob'], null]);
    await api.call('DELETE', `${place}/${other}`);
    const stale = await api.patch(`/groups/${jardin.body.id}`, { name: 'X' }, jardin.etag);
    expect(stale.status).toBe(412);
    expect((await api.call('DELETE', `${place}/${subject}`)).status).toBe(204);
    expect((await api.get(place)).body.items).toEqual([]);
    const named = await api.patch(`/groups/${jardin.body.id}`, { name: 'Potager' }, '*');
    expect((await api.delete(`/groups/${jardin.body.id}`, named.etag)).status).toBe(204);
    expect((await api.get(`/groups/${tout.body.id}`)).body.groups).toEqual([]);
  });
});

describe('communities', () => {
  test('are made, listed, changed and closed by the hub’s token', async () => {
    const made = await operator.post('/communities', { slug: 'atelier', name: 'L’atelier' });
    expect([made.status, made.headers.get('location')]).toEqual([
      201,
      '/api/v1/communities/atelier',
    ]);
    const first = await operator.get('/communities?limit=2');
    const second = await operator.get(`/communities?limit=2&cursor=${first.body.next}`);
    const slugs = [...first.body.items, ...second.body.items].map(({ slug }) => slug);
    expect([slugs, second.body.next]).toEqual([['atelier', 'lieu', 'voisin'], null]);
    const path = '/communities/atelier';
    const own = await newToken(hub, { id: await idOf('atelier') }, ['settings:read']);
    expect((await apiClient(hub, own.token).get('/community')).status).toBe(200);
    const closed = await operator.patch(path, { state: 'frozen' }, made.etag);
    expect([closed.status, closed.body.state]).toEqual([200, 'frozen']);
    const refused = await apiClient(hub, own.token).get('/community');
    expect([refused.status, typeOf(refused)]).toEqual([403, 'community-closed']);
    expect((await operator.get('/communities/nulle-part')).status).toBe(404);
    expect((await operator.post('/communities', { slug: 'lieu', name: 'X' })).status).toBe(409);
  });

  test('show no member to the hub’s token, whatever it asks for', async () => {
    for (const path of ['/members', '/groups', '/community'])
      expect((await operator.get(path)).status).toBe(403);
  });
});

async function idOf(slug: string): Promise<string> {
  const [row] = await hub.database.query('SELECT id FROM communities WHERE slug = $1', [slug]);
  return row.id;
}
