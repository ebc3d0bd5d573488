import { beforeAll, describe, expect, it } from 'vitest';
import { SITE } from '../../src/app-web.ts';
import { COMMUNITY_SCOPES, HUB_SCOPES, type Scope } from '../../src/domain/api-tokens/api-token.ts';
import { revokeApiToken } from '../../src/domain/api-tokens/revoke-api-token.ts';
import { createInvitation } from '../../src/domain/invitations/create-invitation.ts';
import { requestAccess } from '../../src/domain/services/request-access.ts';
import { apiClient, newToken } from '../support/api-client.ts';
import {
  type BuiltCommunity,
  buildGroup,
  buildMember,
  buildService,
} from '../support/factories.ts';
import { useHub } from '../support/use-hub.ts';
import { allThatIsStored } from './all-that-is-stored.ts';

// Every route of the API, with every token that must not open it and with what is of another community. A new
// route is tried by itself; one with a body or a new kind of parameter ends the run until it is said here what is sent.

type ApiRoute = (typeof SITE)['api']['routes'][number];

const ROUTES = SITE.api.routes.filter(({ who }) => who.name !== 'anyone');
const cases = (wanted: (route: ApiRoute) => boolean) =>
  ROUTES.filter(wanted).map((route) => [nameOf(route), route] as const);
const nameOf = ({ method, path }: ApiRoute) => `${method} ${path}`;

/** What each route takes, so that it is not the body that is refused. */
const BODIES: Record<string, object> = {
  'PATCH /v1/community': { name: 'À eux' },
  'POST /v1/members': { username: 'mallory', name: 'Mallory' },
  'PATCH /v1/members/:subject': { name: 'Mallory', role: 'owner' },
  'POST /v1/groups': { name: 'Intrus' },
  'PATCH /v1/groups/:id': { name: 'Intrus' },
  'POST /v1/services': { slug: 'intrus' },
  'PATCH /v1/services/:slug': { name: 'Intrus' },
  'POST /v1/invitations': { label: 'Intrus' },
  'POST /v1/requests/join/:subject': { decision: 'admit' },
  'POST /v1/requests/access/:slug/:subject': { decision: 'admit' },
  'POST /v1/communities': { slug: 'intrus', name: 'Intrus' },
  'PATCH /v1/communities/:slug': { name: 'Intrus' },
};

const hub = useHub({
  // Without the worker: nothing happens but what requests do.
  env: { TROUSSEAU_ROLES: 'web' },
  community: { slug: 'a-nous' },
  neighbour: { slug: 'a-eux' },
});

type Theirs = { uuids: string[]; slug: string; group: string };
let ours: { subject: string; id: string; slug: string; invitation: string };
let theirs: Theirs;
let tokens: { full: string; hub: string; ended: string; revoked: string; neighbour: string };

beforeAll(async () => {
  ours = await seed(hub.community, 'nous');
  const other = await seed(hub.neighbour, 'eux');
  theirs = { uuids: await uuidsOf(hub.neighbour), slug: other.slug, group: 'groupe-eux' };
  const ofCommunity = (community: BuiltCommunity) => newToken(hub, community, COMMUNITY_SCOPES);
  const [ended, revoked] = [await ofCommunity(hub.community), await ofCommunity(hub.community)];
  await hub.database.query(
    `UPDATE api_tokens SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = $1`,
    [ended.id],
  );
  await hub.database.transaction((tx) => revokeApiToken(tx, hub.community.id, revoked.id, 'cli'));
  tokens = {
    full: (await ofCommunity(hub.community)).token,
    neighbour: (await ofCommunity(hub.neighbour)).token,
    hub: (await newToken(hub, undefined, HUB_SCOPES)).token,
    ended: ended.token,
    revoked: revoked.token,
  };
  await hub.app.settle();
});

/** Somebody of each kind that ids are of. */
async function seed(community: BuiltCommunity, word: string) {
  const db = hub.database;
  await buildMember(db, community.id, { role: 'owner' });
  const member = await buildMember(db, community.id, { username: word });
  await buildMember(db, community.id, { status: 'requested' });
  const group = await buildGroup(db, community.id, `groupe-${word}`, [member.subject]);
  const service = await buildService(hub, community, { slug: `app-${word}`, access: 'approval' });
  const invitation = await db.transaction(async (tx) => {
    const place = { id: community.id, issuerUrl: `${hub.url}/c/${community.slug}` };
    await requestAccess(tx, place, service.id, member.subject);
    const values = { label: word, role: 'member' as const, groupIds: [], maxUses: 1, days: 7 };
    return createInvitation(tx, hub.sealer, community.id, values, 'cli');
  });
  return {
    subject: member.subject,
    id: group.id,
    slug: service.slug,
    invitation: invitation.id,
  };
}

/** Every id that rows of a community hold, of whatever it is. */
async function uuidsOf({ id }: BuiltCommunity): Promise<string[]> {
  const columns = await hub.database.query<{ table: string; column: string }>(
    `SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
     JOIN information_schema.columns o ON o.table_name = c.table_name AND o.column_name = 'community_id'
     WHERE c.table_schema = 'public' AND o.table_schema = 'public' AND c.data_type = 'uuid'`,
  );
  const found = new Set<string>();
  for (const { table, column } of columns) {
    const rows = await hub.database.query<{ id: string | null }>(
      `SELECT DISTINCT "${column}" AS id FROM "${table}" WHERE community_id = $1`,
      [id],
    );
    for (const row of rows) if (row.id !== null) found.add(row.id);
  }
  return [...found];
}

/** Tokens are used all the time here: that alone is no change. */
async function state(): Promise<Record<string, string>> {
  await hub.database.query(`UPDATE api_tokens SET last_used_at = '2100-01-01'`);
  return allThatIsStored(hub.database);
}

const ownValues = (route: ApiRoute): Record<string, string> => ({
  ...ours,
  ...(route.path.includes('/invitations/') && { id: ours.invitation }),
  ...(isOfHub(route) && { slug: hub.community.slug }),
});
const isOfHub = ({ who }: ApiRoute) => (HUB_SCOPES as readonly string[]).includes(who.name);

function call(route: ApiRoute, token: string | undefined, values: Record<string, string> = {}) {
  const path = route.path
    .slice('/v1'.length)
    .replaceAll(/:(\w+)/g, (_, name: string) => ({ ...ownValues(route), ...values })[name] ?? name);
  const { method } = route;
  const headers = { 'if-match': '*' };
  return apiClient(hub, token).call(method, path, { body: BODIES[nameOf(route)], headers });
}

it('what each route takes is known', () => {
  const unknown = ROUTES.filter((route) => (route.body !== undefined) !== nameOf(route) in BODIES);
  expect(unknown.map(nameOf)).toEqual([]);
  const params = new Set(ROUTES.flatMap(({ params }) => Object.keys(params.shape)));
  expect([...params].filter((name) => !['subject', 'id', 'slug'].includes(name))).toEqual([]);
  const open = SITE.api.routes.filter(({ who }) => who.name === 'anyone').map(nameOf);
  expect(open.filter((name) => name !== 'GET /openapi.json')).toEqual([]);
});

describe('a token that must not', () => {
  it.each(cases(() => true))('opens nothing by %s, and changes nothing', async (_, route) => {
    const before = await state();
    const { full } = tokens;
    const wrong = [undefined, '', 'Basic', `${full.slice(0, -1)}_`, tokens.ended, tokens.revoked];
    for (const token of wrong) {
      const { status, headers, body } = await call(route, token);
      // Whoever tries many wrong ones is slowed.
      expect([token, [401, 429].includes(status)]).toEqual([token, true]);
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(body.status).toBe(status);
    }
    expect(await state()).toEqual(before);
  });

  it.each(cases(({ who }) => who.name !== 'token'))(
    'of another scope or place gets nothing by %s, and changes nothing',
    async (_, route) => {
      const all: readonly Scope[] = isOfHub(route) ? HUB_SCOPES : COMMUNITY_SCOPES;
      const others = all.filter((scope) => scope !== route.who.name);
      const place = isOfHub(route) ? undefined : hub.community;
      const { token } = await newToken(hub, place, others);
      const before = await state();
      for (const other of [token, isOfHub(route) ? tokens.full : tokens.hub]) {
        const { status, body } = await call(route, other);
        expect([status, body.type]).toEqual([403, expect.stringContaining('insufficient-scope')]);
      }
      expect(await state()).toEqual(before);
    },
  );
});

describe('what is of another community', () => {
  it.each(cases((route) => route.path.includes(':') && !isOfHub(route)))(
    'does not exist for %s, and does not change',
    async (_, route) => {
      const names = Object.keys(route.params.shape);
      const before = await state();
      const tried: Record<string, string>[] = [];
      for (const name of names)
        for (const value of name === 'slug' ? [theirs.slug] : theirs.uuids)
          tried.push({ [name]: value });
      for (const value of theirs.uuids)
        tried.push(
          Object.fromEntries(names.map((name) => [name, name === 'slug' ? theirs.slug : value])),
        );
      for (const values of tried) {
        const { status } = await call(route, tokens.full, values);
        expect([values, status]).toEqual([values, 404]);
      }
      expect(await state()).toEqual(before);
    },
  );

  it.each(cases((route) => route.path.includes(':') && !isOfHub(route)))(
    'is not opened by their token with our ids by %s',
    async (_, route) => {
      const before = await state();
      const { status } = await call(route, tokens.neighbour);
      expect(status).toBe(404);
      expect(await state()).toEqual(before);
    },
  );

  it('is in no list, and no name of theirs is one of ours', async () => {
    const api = apiClient(hub, tokens.full);
    for (const [name, route] of cases(
      ({ method, path }) => method === 'GET' && !path.includes(':'),
    )) {
      if (isOfHub(route)) continue;
      const { status, body } = await call(route, tokens.full);
      expect([name, status]).toEqual([name, 200]);
      const text = JSON.stringify(body);
      const found = [...theirs.uuids, theirs.slug, theirs.group].filter((id) => text.includes(id));
      expect([name, found]).toEqual([name, []]);
    }
    const before = await state();
    const groups = [theirs.group];
    const named = [
      await api.post('/members', { username: 'm', name: 'M', groups }),
      await api.post('/groups', { name: 'G', groups }),
      await api.post('/services', { slug: 's', access: { groups } }),
      await api.post('/invitations', { label: 'I', groups }),
      await api.patch(`/members/${ours.subject}`, { groups }, '*'),
    ];
    expect(named.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422]);
    expect(await state()).toEqual(before);
  });
});

describe('a foreign host', () => {
  it('of a community, or below its path, has no API', async () => {
    const headers = { authorization: `Bearer ${tokens.full}` };
    for (const path of ['/c/a-nous/api/v1/members', '/c/a-nous/api/openapi.json']) {
      const response = await fetch(hub.url + path, { headers });
      expect([path, response.status]).toEqual([path, 404]);
    }
  });
});

describe('who has the token', () => {
  // What the refusals above stand against: the same requests get in.
  it.each(cases(({ method }) => method === 'GET'))('gets in by %s', async (_, route) => {
    const { status } = await call(route, isOfHub(route) ? tokens.hub : tokens.full);
    expect(status).toBe(200);
  });
});
