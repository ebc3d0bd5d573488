import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SITE } from '../../src/app-web.ts';
import { createAppPassword } from '../../src/domain/app-passwords/app-password.ts';
import { createInvitation } from '../../src/domain/invitations/create-invitation.ts';
import { type LinkKind, mintLink } from '../../src/domain/links/link-store.ts';
import type { Role } from '../../src/domain/memberships/membership-store.ts';
import {
  createFirstOperator,
  ensureSetupToken,
} from '../../src/domain/operators/create-operator.ts';
import { setPicture } from '../../src/domain/pictures/change-picture.ts';
import { requestRecovery } from '../../src/domain/recovery/assisted-recovery.ts';
import { uuid } from '../../src/platform/text/uuid-schema.ts';
import { givePasskey } from '../support/belongings.ts';
import { Browser } from '../support/browser.ts';
import {
  type BuiltCommunity,
  buildGroup,
  buildMember,
  buildService,
  PASSWORD,
} from '../support/factories.ts';
import { useHub } from '../support/use-hub.ts';
import { allThatIsStored } from './all-that-is-stored.ts';
import { asForm, type RawAnswer, sendRaw } from './raw-request.ts';

// Every route of the table, with everybody who must not. A new one is tried by itself; a new kind of `who`
// ends the run until it is said here whom it keeps out.

type Place = 'community' | 'hub';
type AnyRoute = (typeof SITE)[Place]['routes'][number];
type Tried = { name: string; place: Place; route: AnyRoute };

const ROUTES: Tried[] = (['community', 'hub'] as const).flatMap((place) =>
  SITE[place].routes.map((route) => ({ name: `${route.method} ${route.path}`, place, route })),
);
const cases = (wanted: (tried: Tried) => boolean) =>
  ROUTES.filter(wanted).map((tried) => [`${tried.name} (${tried.place})`, tried] as const);

const VISITORS = [
  'nobody',
  'suspended',
  'left',
  'stranger',
  'member',
  'staleMember',
  'admin',
  'staleAdmin',
  'owner',
  'staleOwner',
] as const;
type Visitor = (typeof VISITORS)[number];

const NO_MEMBERS: Visitor[] = ['nobody', 'suspended', 'left', 'stranger'];
const NO_ADMINS: Visitor[] = [...NO_MEMBERS, 'member', 'staleMember'];
/** Whom each kind of route keeps out. */
const KEPT_OUT: Record<string, Visitor[]> = {
  anyone: [],
  // To those who are no members it shows what anybody may see.
  'member-or-visitor': [],
  member: NO_MEMBERS,
  'member-recent': [...NO_MEMBERS, 'staleMember', 'staleOwner'],
  // But who left by this very form of a page, in the browser that did: `the form by which somebody left`.
  'member-recent-or-left': [...NO_MEMBERS, 'staleMember', 'staleOwner'],
  admin: NO_ADMINS,
  'admin-recent': [...NO_ADMINS, 'staleAdmin', 'staleOwner'],
  operator: [...VISITORS],
  'operator-recent': [...VISITORS],
  'operator-on-the-way': [...VISITORS],
  // Nobody of them has begun what these pages are in the middle of.
  'app-request:login': [...VISITORS],
  'app-request:consent': [...VISITORS],
  'app-request:access': [...VISITORS],
  'on-the-way:factor': [...VISITORS],
  'on-the-way:set-up': [...VISITORS],
  'on-the-way:decision': [...VISITORS],
  returning: [...VISITORS],
  'signing-in': [],
};
/** Who comes in, where that takes no more than being somebody. */
const LET_IN: Record<string, Visitor> = {
  anyone: 'nobody',
  'member-or-visitor': 'nobody',
  member: 'staleMember',
  'member-recent': 'member',
  admin: 'staleAdmin',
  'admin-recent': 'admin',
};

const UNUSED_BELOW_A_PATH = [
  '/logo',
  '/.well-known/webauthn',
  '/.well-known/change-password',
  '/.well-known/passkey-endpoints',
];

const hub = useHub({
  // Without the worker: nothing happens but what requests do.
  env: { TROUSSEAU_ROLES: 'web' },
  community: { slug: 'a-nous', registration: 'open' },
  neighbour: { slug: 'a-eux', registration: 'open' },
});
const browsers = {} as Record<Visitor, Browser>;
const tokens = {} as Record<Visitor, string>;
let operator: Browser;
/** The form by which `left` left. */
let leftBy: Record<string, string>;

beforeAll(async () => {
  const setUp = (await hub.database.transaction(ensureSetupToken)) as string;
  await createFirstOperator(hub.database, {
    token: setUp,
    email: 'ops@hub.example',
    password: PASSWORD,
  });
  const build = (role: Role) => hub.newMember({ role });
  const [member, left, admin, owner, suspended] = [
    await build('member'),
    await build('member'),
    await build('admin'),
    await build('owner'),
    await build('owner'),
  ];
  const stranger = await buildMember(hub.database, hub.neighbour.id, { role: 'owner' });
  const stale = [await build('member'), await build('admin'), await build('owner')] as const;
  await hub.app.settle();
  browsers.nobody = new Browser();
  for (const [visitor, { username }] of [
    ['member', member],
    ['admin', admin],
    ['owner', owner],
    ['suspended', suspended],
    ['left', left],
    ['staleMember', stale[0]],
    ['staleAdmin', stale[1]],
    ['staleOwner', stale[2]],
  ] as const)
    browsers[visitor] = await signIn(username, hub.community);
  browsers.stranger = await signIn(stranger.username, hub.neighbour);
  await hub.database.query(
    `UPDATE sessions SET payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload ->> 'loginTs')::bigint - 3600))
     WHERE subject = ANY($1)`,
    [stale.map(({ subject }) => subject)],
  );
  await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
    suspended.subject,
  ]);
  leftBy = { csrf: await csrfOf(browsers.left, '/c/a-nous/account/leave'), confirm: left.username };
  const goodbye = await browsers.left.send(`${hub.url}/c/a-nous/account/leave`, asForm(leftBy));
  expect(goodbye.status).toBe(200);
  await hub.app.settle();
  for (const visitor of VISITORS)
    tokens[visitor] = await csrfOf(browsers[visitor], '/c/a-nous/login?again=1&return_to=/');
  operator = new Browser();
  const login = await operator.open(`${hub.url}/operator/login`);
  await operator.submit(login, '#login-form', { email: 'ops@hub.example', password: PASSWORD });
});

async function signIn(username: string, { slug }: BuiltCommunity): Promise<Browser> {
  const browser = new Browser();
  const fields = { username, password: PASSWORD };
  expect(await browser.signIn(`${hub.url}/c/${slug}/login`, fields)).not.toContain('/login');
  return browser;
}

/** A token for the forms of this place, and the cookie that stands behind it. */
async function csrfOf(browser: Browser, path: string): Promise<string> {
  const { document } = await browser.open(hub.url + path);
  return document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
}

/** The visitor's cookies here. A stranger's are renamed, as whoever has them would. */
async function cookiesOf(visitor: Visitor): Promise<string> {
  const { jar } = browsers[visitor];
  const here = await jar.getCookieString(`${hub.url}/c/a-nous/login`);
  if (visitor !== 'stranger') return here;
  const there = await jar.getCookieString(`${hub.url}/c/a-eux/login`);
  const own = there.split('; ').filter((cookie) => !cookie.startsWith('trousseau_csrf'));
  return [here, ...own].join('; ').replaceAll('_a-eux_', '_a-nous_');
}

/** What stands in the place of a parameter where nothing that exists is meant. */
const NOWHERE: Record<string, string> = {
  id: '00000000-0000-4000-8000-000000000000',
  subject: '00000000-0000-4000-8000-000000000000',
  slug: 'nulle-part',
  mail: '7',
};
const pathOf = (
  { place, route }: Tried,
  values: Record<string, string> = {},
  community: BuiltCommunity = hub.community,
) =>
  (place === 'hub' ? '' : `/c/${community.slug}`) +
  route.path.replaceAll(
    /:(\w+)/g,
    (_, name: string) => values[name] ?? NOWHERE[name] ?? 'A'.repeat(43),
  );

/** Something in each field that the form has, so that nothing is refused for being empty. */
function fieldsOf({ route }: Tried): Record<string, string> {
  const names = Object.keys(route.form?.shape ?? {});
  const filled = names.map((name) => [name, name === 'email' ? 'a@lieu.example' : 'something']);
  const ids = names.filter((name) => route.form?.shape[name] === uuid);
  const choices = names.flatMap((name) => {
    const field = route.form?.shape[name];
    return field instanceof z.ZodEnum ? [[name, field.options[0]]] : [];
  });
  return Object.fromEntries([...filled, ...ids.map((name) => [name, NOWHERE.id]), ...choices]);
}

async function send(
  tried: Tried,
  { path = pathOf(tried), cookie, fields }: { path?: string; cookie: string; fields: object },
): Promise<RawAnswer> {
  const form =
    tried.route.form === undefined ? { headers: {} } : asForm({ ...fieldsOf(tried), ...fields });
  const headers = { ...form.headers, ...(cookie !== '' && { cookie }) };
  return sendRaw(hub, path, { ...form, method: tried.route.method, headers });
}

const state = () => allThatIsStored(hub.database);

it('whom each kind of route keeps out is known', () => {
  const kinds = new Set(ROUTES.map(({ route }) => route.who.name));
  expect([...kinds].filter((kind) => KEPT_OUT[kind] === undefined)).toEqual([]);
});

describe('whoever must not', () => {
  it.each(cases(({ route }) => (KEPT_OUT[route.who.name] ?? []).length > 0))(
    'gets nothing by %s, and changes nothing',
    async (_, tried) => {
      const before = await state();
      for (const visitor of KEPT_OUT[tried.route.who.name] as Visitor[]) {
        const cookie = await cookiesOf(visitor);
        const { status, headers } = await send(tried, {
          cookie,
          fields: { csrf: tokens[visitor] },
        });
        expect([visitor, status, [303, 400, 403, 404].includes(status)]).toEqual([
          visitor,
          status,
          true,
        ]);
        if (status === 303)
          expect([visitor, headers.location]).toEqual([
            visitor,
            expect.stringMatching(/\/login\b/),
          ]);
      }
      expect(await state()).toEqual(before);
    },
  );

  it.each(
    cases(
      ({ place, route }) =>
        place === 'community' &&
        route.method === 'GET' &&
        LET_IN[route.who.name] !== undefined &&
        !route.path.includes(':'),
    ),
  )('is kept out of %s by who they are: others get in', async (_, tried) => {
    const cookie = await cookiesOf(LET_IN[tried.route.who.name] as Visitor);
    const { status, headers } = await send(tried, { cookie, fields: {} });
    expect([200, 303, 404]).toContain(status);
    // No logo, and the documents of hosts below a path.
    if (status === 404) expect(UNUSED_BELOW_A_PATH).toContain(tried.route.path);
    if (status === 303) expect(headers.location).not.toMatch(/\/login\b/);
  });
});

describe('the form by which somebody left', () => {
  const leaving = ROUTES.find(({ name }) => name === 'POST /account/leave') as Tried;

  it('shows the browser that sent it what it was told, and nobody else, and changes nothing', async () => {
    const before = await state();
    const own = await send(leaving, { cookie: await cookiesOf('left'), fields: leftBy });
    expect([own.status, own.text]).toEqual([200, expect.stringContaining('id="left"')]);
    for (const visitor of ['nobody', 'suspended', 'stranger', 'staleOwner'] as const) {
      const cookie = await cookiesOf(visitor);
      const fields = { ...leftBy, csrf: tokens[visitor] };
      const { status, headers } = await send(leaving, { cookie, fields });
      expect([visitor, status, headers.location]).toEqual([
        visitor,
        303,
        expect.stringMatching(/\/login\b/),
      ]);
    }
    expect(await state()).toEqual(before);
  });
});

describe('a form that is not our own page’s', () => {
  it.each(cases(({ place, route }) => place === 'hub' && route.method === 'POST'))(
    '%s is refused, and changes nothing',
    async (_, tried) => {
      const csrf = await csrfOf(operator, '/operator/login');
      const cookie = await operator.jar.getCookieString(`${hub.url}/operator/login`);
      const before = await state();
      const attempts: [Record<string, string>, Record<string, string>][] = [
        [{}, {}],
        [{ csrf: '' }, {}],
        [{ csrf: tokens.owner }, {}],
        [{ csrf: `${csrf}x` }, {}],
        [{ csrf }, { origin: 'https://evil.example' }],
        [{ csrf }, { 'sec-fetch-site': 'cross-site' }],
        [{ csrf }, { 'sec-fetch-site': 'same-site' }],
      ];
      for (const [token, more] of attempts) {
        const form = asForm({ ...fieldsOf(tried), ...token });
        const headers = { ...form.headers, cookie, ...more };
        const { status } = await sendRaw(hub, pathOf(tried), { ...form, headers });
        expect([token, more, status]).toEqual([token, more, 403]);
      }
      expect(await state()).toEqual(before);
    },
  );

  it.each(cases(({ route }) => route.method === 'POST'))(
    '%s from another site is refused whoever sends it',
    async (_, tried) => {
      const before = await state();
      const form = asForm({ ...fieldsOf(tried), csrf: tokens.owner });
      const headers = {
        ...form.headers,
        cookie: await cookiesOf('owner'),
        origin: 'https://evil.example',
      };
      expect((await sendRaw(hub, pathOf(tried), { ...form, headers })).status).toBe(403);
      expect(await state()).toEqual(before);
    },
  );
});

describe('another method', () => {
  it.each(cases(({ route }) => route.method === 'GET' || !hasPage(route)))(
    'than that of %s is told which there are',
    async (_, tried) => {
      const { status, headers } = await sendRaw(hub, pathOf(tried), { method: 'DELETE' });
      expect(status).toBe(405);
      expect(headers.allow?.split(', ')).toContain(tried.route.method);
    },
  );
});

function hasPage({ path }: AnyRoute): boolean {
  return ROUTES.some(({ route }) => route.path === path && route.method === 'GET');
}

describe('what is of another community', () => {
  /** Every id that rows of theirs hold, of whatever it is. */
  let ids: string[];
  let slugs: string[];
  let links: string[];

  beforeAll(async () => {
    const db = hub.database;
    const [member, other] = [
      await buildMember(db, hub.neighbour.id),
      await buildMember(db, hub.neighbour.id, { role: 'admin' }),
    ];
    await buildMember(db, hub.neighbour.id, { status: 'requested' });
    await buildGroup(db, hub.neighbour.id, 'bureau', [member.subject]);
    const service = await buildService(hub, hub.neighbour, { access: 'approval' });
    slugs = [service.slug];
    const passkey = await givePasskey(db, member);
    const place = { communityId: hub.neighbour.id, issuerUrl: `${hub.url}/c/a-eux` };
    const { subject } = member;
    const picture = await db.transaction(async (tx) => {
      const app = { subject, serviceId: service.id, name: 'Courriel' };
      await createAppPassword(tx, place.communityId, app, 'cli');
      await requestRecovery(tx, place, { subject, by: other.subject, delayHours: 1 });
      return setPicture(tx, place.communityId, subject, Buffer.from([0]), 'cli');
    });
    const invitation = await db.transaction((tx) =>
      createInvitation(
        tx,
        hub.sealer,
        hub.neighbour.id,
        { label: 'À eux', role: 'member', groupIds: [], days: 7, maxUses: null },
        'cli',
      ),
    );
    const kinds: LinkKind[] = [
      'registration',
      'verification',
      'recovery',
      'assisted-recovery',
      'join',
    ];
    links = [picture, invitation.token];
    for (const kind of kinds)
      links.push(
        await mintLink(db, hub.neighbour.id, {
          kind,
          subject: member.subject,
          email: member.email,
          hours: 1,
        }),
      );
    const columns = await db.query<{ table: string; column: string }>(
      `SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
       JOIN information_schema.columns o ON o.table_name = c.table_name AND o.column_name = 'community_id'
       JOIN information_schema.tables t ON t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
       WHERE c.table_schema = 'public' AND o.table_schema = 'public' AND t.table_schema = 'public'
         AND c.data_type = 'uuid'`,
    );
    const found = new Set([passkey]);
    for (const { table, column } of columns) {
      const rows = await db.query<{ id: string | null }>(
        `SELECT DISTINCT "${column}" AS id FROM "${table}" WHERE community_id = $1`,
        [hub.neighbour.id],
      );
      for (const { id } of rows) if (id !== null) found.add(id);
    }
    ids = [...found];
    expect(ids.length).toBeGreaterThan(10);
    await hub.app.settle();
  });

  const takesIds = ({ place, route }: Tried) =>
    place === 'community' &&
    (/:(id|subject)\b/.test(route.path) || Object.values(route.form?.shape ?? {}).includes(uuid));

  it.each(cases(takesIds))('does not exist for %s', async (_, tried) => {
    const cookie = await cookiesOf('owner');
    const before = await state();
    for (const id of ids) {
      const form = Object.entries(tried.route.form?.shape ?? {}).filter(
        ([, field]) => field === uuid,
      );
      const fields = {
        csrf: tokens.owner,
        ...Object.fromEntries(form.map(([name]) => [name, id])),
      };
      const path = pathOf(tried, { id, subject: id });
      const { status } = await send(tried, { path, cookie, fields });
      expect([path, status]).toEqual([path, 404]);
    }
    expect(await state()).toEqual(before);
  });

  it.each(
    cases(({ place, route }) => place === 'community' && /:slug(?!\/:token)/.test(route.path)),
  )('has no name for %s', async (_, tried) => {
    const cookie = await cookiesOf('owner');
    const before = await state();
    for (const slug of slugs) {
      const path = pathOf(tried, { slug });
      const { status } = await send(tried, { path, cookie, fields: { csrf: tokens.owner } });
      expect([path, status]).toEqual([path, 404]);
    }
    expect(await state()).toEqual(before);
  });

  it.each(cases(({ place, route }) => place === 'community' && /:(token|key)\b/.test(route.path)))(
    'opens nothing by %s',
    async (_, tried) => {
      const before = await state();
      for (const visitor of ['nobody', 'owner'] as const) {
        const cookie = await cookiesOf(visitor);
        for (const link of links) {
          const path = pathOf(tried, { token: link, key: link, slug: hub.community.slug });
          const { status } = await send(tried, { path, cookie, fields: { csrf: tokens[visitor] } });
          const isSentToSignIn = visitor === 'nobody' && status === 303;
          expect([path, status, isSentToSignIn || (status >= 400 && status < 500)]).toEqual([
            path,
            status,
            true,
          ]);
        }
      }
      expect(await state()).toEqual(before);
    },
  );
});
