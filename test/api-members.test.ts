import { beforeAll, describe, expect, test } from 'vitest';
import { apiClient, newToken } from './support/api-client.ts';
import { buildGroup } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: { slug: 'lieu' } });
let api: ReturnType<typeof apiClient>;

beforeAll(async () => {
  const { token } = await newToken(hub, hub.community, ['members:read', 'members:write']);
  api = apiClient(hub, token);
  await hub.newMember({ username: 'patronne', role: 'owner' });
  await buildGroup(hub.database, hub.community.id, 'Bureau');
  await buildGroup(hub.database, hub.community.id, 'Jardin');
});

const PROBLEM = 'application/problem+json';
const typeOf = ({ body }: { body: { type: string } }) => body.type.split(':').at(-1);

describe('members by the API', () => {
  test('are made, shown, changed and let go, by one vocabulary', async () => {
    const made = await api.post('/members', {
      username: 'alice',
      name: 'Alice Martin',
      email: 'alice@lieu.example',
      groups: ['bureau'],
    });
    expect(made.status).toBe(201);
    const { subject } = made.body;
    expect(made.headers.get('location')).toBe(`/api/v1/members/${subject}`);
    expect(made.body).toMatchObject({
      username: 'alice',
      name: 'Alice Martin',
      role: 'member',
      status: 'active',
      groups: ['Bureau'],
    });
    expect(made.body).not.toHaveProperty('personId');
    const shown = await api.get(`/members/${subject}`);
    expect([shown.body, shown.etag]).toEqual([made.body, made.etag]);
    const changed = await api.patch(
      `/members/${subject}`,
      { name: 'Alice M.', groups: ['Jardin'], nickname: 'Al' },
      made.etag,
    );
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { name: 'Alice M.', nickname: 'Al', groups: ['Jardin'], email: 'alice@lieu.example' },
    ]);
    const gone = await api.delete(`/members/${subject}`, changed.etag);
    expect([gone.status, gone.body]).toEqual([204, undefined]);
    expect((await api.get(`/members/${subject}`)).body.status).toBe('left');
    const back = await api.patch(`/members/${subject}`, { status: 'active' }, '*');
    expect([back.status, typeOf(back)]).toEqual([409, 'state']);
  });

  test('are changed with the token as the author, and a secret nowhere', async () => {
    const events = await hub.database.query(
      `SELECT DISTINCT split_part(actor, ':', 1) AS actor FROM events
       WHERE community_id = $1 AND type IN ('member.updated', 'member.left')`,
      [hub.community.id],
    );
    expect(events).toEqual([{ actor: 'token' }]);
  });

  test('are listed page by page, each once, while others come', async () => {
    for (const username of ['p-1', 'p-2', 'p-3', 'p-4', 'p-5']) await hub.newMember({ username });
    const seen: string[] = [];
    let next = '';
    do {
      const page = await api.get(`/members?search=p-&limit=2${next}`);
      seen.push(...page.body.items.map(({ username }: { username: string }) => username));
      next = page.body.next === null ? '' : `&cursor=${page.body.next}`;
      if (seen.length === 2) await hub.newMember({ username: 'p-0' });
    } while (next !== '');
    expect(seen).toEqual(['p-1', 'p-2', 'p-3', 'p-4', 'p-5']);
  });

  test('are listed by cursors of this list only', async () => {
    const { next } = (await api.get('/members?search=p-&limit=2')).body;
    const tampered = Buffer.from(next, 'base64url').toString().replace(/p-\d/, 'p-9');
    for (const query of [
      `search=p&limit=2&cursor=${next}`,
      `search=p-&cursor=${Buffer.from(tampered).toString('base64url')}`,
      'cursor=nonsense',
      'cursor=',
    ]) {
      const { status, body } = await api.get(`/members?${query}`);
      expect([query, status, body.errors?.[0].parameter]).toEqual([query, 400, 'cursor']);
    }
  });

  test('change only for whoever knows what they change', async () => {
    const { subject } = await hub.newMember({ username: 'bob' });
    const path = `/members/${subject}`;
    const { etag } = await api.get(path);
    const blind = await api.call('PATCH', path, { body: { name: 'X' } });
    expect([blind.status, typeOf(blind)]).toEqual([428, 'precondition-required']);
    expect((await api.patch(path, { name: 'Bob' }, etag)).status).toBe(200);
    const late = await api.patch(path, { name: 'Robert' }, etag);
    expect([late.status, typeOf(late)]).toEqual([412, 'precondition-failed']);
    expect((await api.get(path)).body.name).toBe('Bob');
    const twice = await Promise.all(
      ['A', 'B', 'C'].map(async (name) => api.patch(path, { name }, (await api.get(path)).etag)),
    );
    expect(twice.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(twice.every(({ status }) => [200, 412].includes(status))).toBe(true);
    const same = await api.get(path, { 'if-none-match': (await api.get(path)).etag });
    expect([same.status, same.body]).toEqual([304, undefined]);
  });

  test('say of each fault where it is and what to do', async () => {
    const wrong = await api.post('/members', {
      username: 'a b',
      email: 'nowhere',
      role: 7,
      status: 'active',
      groups: ['Bureau'],
    });
    expect([wrong.status, wrong.headers.get('content-type')]).toEqual([422, PROBLEM]);
    const pointers = wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort();
    expect(pointers).toEqual(['/email', '/name', '/role', '/status', '/username']);
    const group = await api.post('/members', {
      username: 'c',
      name: 'C',
      groups: ['Bureau', 'No'],
    });
    expect([group.status, group.body.errors[0].pointer]).toEqual([422, '/groups/1']);
    const taken = await api.post('/members', { username: 'patronne', name: 'Autre' });
    expect([taken.status, typeOf(taken), taken.body.errors[0].pointer]).toEqual([
      409,
      'username-taken',
      '/username',
    ]);
  });
});

describe('the same request sent again', () => {
  const one = { username: 'once', name: 'Une fois' };
  const key = (value: string) => ({ 'idempotency-key': value });

  test('is answered as it was, and changes nothing', async () => {
    const first = await api.post('/members', one, key('a-1'));
    const again = await api.post('/members', one, key('a-1'));
    expect([again.status, again.body, again.etag, again.headers.get('location')]).toEqual([
      201,
      first.body,
      first.etag,
      first.headers.get('location'),
    ]);
    const other = await api.post('/members', { ...one, name: 'Autre' }, key('a-1'));
    expect([other.status, typeOf(other)]).toEqual([422, 'key-reused']);
    expect((await api.post('/members', one, key('a-2'))).status).toBe(409);
    expect((await api.post('/members', one, key('a b'))).status).toBe(400);
  });

  test('at once is made once, and whoever is too early is told to wait', async () => {
    const twin = { username: 'twin', name: 'Jumelle' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.post('/members', twin, key('b-1'))),
    );
    const subjects = new Set(
      answers.filter(({ status }) => status === 201).map(({ body }) => body.subject),
    );
    expect(subjects.size).toBe(1);
    for (const answer of answers)
      if (answer.status !== 201)
        expect([answer.status, typeOf(answer)]).toEqual([409, 'in-progress']);
  });

  test('is kept sealed', async () => {
    const rows = await hub.database.query('SELECT sealed_answer AS sealed FROM api_answers');
    expect(rows.length).toBeGreaterThan(0);
    for (const { sealed } of rows) expect(sealed.toString('latin1')).not.toContain('Une fois');
  });

  test('that was refused is tried anew', async () => {
    const late = { username: 'late', name: 'Tard', groups: ['Potager'] };
    expect((await api.post('/members', late, key('c-1'))).status).toBe(422);
    await buildGroup(hub.database, hub.community.id, 'Potager');
    expect((await api.post('/members', late, key('c-1'))).status).toBe(201);
  });
});

describe('an admin’s token', () => {
  test('touches nobody who looks after the community, and makes nobody do so', async () => {
    const [admin, owner, member] = [
      await hub.newMember({ role: 'admin' }),
      await hub.newMember({ role: 'owner' }),
      await hub.newMember(),
    ];
    const by = { subject: admin.subject, role: 'admin' as const };
    const { token } = await newToken(hub, hub.community, ['members:write'], by);
    const theirs = apiClient(hub, token);
    const refused = [
      await theirs.patch(`/members/${owner.subject}`, { name: 'X' }, '*'),
      await theirs.delete(`/members/${owner.subject}`, '*'),
      await theirs.patch(`/members/${admin.subject}`, { role: 'owner' }, '*'),
      await theirs.patch(`/members/${member.subject}`, { role: 'admin' }, '*'),
      await theirs.post('/members', { username: 'chef', name: 'Chef', role: 'owner' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect((await theirs.patch(`/members/${member.subject}`, { name: 'Y' }, '*')).status).toBe(200);
  });

  test('does not take the last owner away, whoever vouches for it', async () => {
    const owners = (await api.get('/members?limit=200')).body.items.filter(
      ({ role, status }: { role: string; status: string }) =>
        role === 'owner' && status === 'active',
    );
    const answers: number[] = [];
    for (const { subject } of owners) {
      const { status } = await api.patch(`/members/${subject}`, { status: 'suspended' }, '*');
      answers.push(status);
    }
    expect(answers.filter((status) => status !== 200)).toEqual([409]);
  });
});
