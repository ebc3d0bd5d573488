import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientSecretContext } from '../src/domain/communities/community.ts';
import { loadCommunity } from '../src/domain/communities/community-store.ts';
import { checkPassword } from '../src/domain/people/password.ts';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { applyText, HUB, SEALER } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { changeCommunity } from './support/factories.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await cloneDatabase();
});
afterEach(() => db.drop());

const SECRETS = /first-operator-secret|secret-of|argon2/;

const apply = (text: string, options = {}) => applyText(db.database, text, options);
const rows = (sql: string) => db.database.query(sql);

/** Everything that a run may write, as one comparable value. */
async function everything(): Promise<unknown> {
  const tables = [
    'communities',
    'community_hosts',
    'community_logos',
    'persons',
    'person_emails',
    'operators',
    'memberships',
    'groups',
    'group_members',
    'group_nestings',
    'services',
    'service_access_groups',
    'service_clients',
    'service_readers',
    'sessions',
    'oidc_artifacts',
    'events',
    'outbox',
  ];
  return Promise.all(
    tables.map(async (table) => [
      table,
      await rows(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY t::text`),
    ]),
  );
}

async function faultsOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ApplyError);
  return (error as ApplyError).faults.join('\n');
}

test('a file makes the hub what it says, and the plan and the events tell of it without a secret', async () => {
  const plan = await apply(HUB);
  const [note] = plan.notes;
  expect(note).toMatch(
    /^lamyne: the issuer of wiki is https?:\/\/\S+\/c\/lamyne; it is a path of this hub, and cannot move with the community/,
  );
  expect(formatPlan(plan)).toBe(`+ operator ops@hub.example
+ community lamyne
+ group lamyne/membres
+ group lamyne/bureau
+ member lamyne/alice
+ member lamyne/bob
+ service lamyne/wiki
! ${note}
7 added, 0 changed, 0 taken away`);
  expect(JSON.stringify(plan)).not.toMatch(SECRETS);

  const community = await loadCommunity(db.database, { slug: 'lamyne' });
  expect(community).toMatchObject({
    name: 'La MYNE',
    accent: '#0a7d5a',
    locale: 'fr',
    registration: 'closed',
    state: 'active',
  });
  const [wiki] = community?.services ?? [];
  expect(wiki).toMatchObject({
    slug: 'wiki',
    name: 'wiki',
    trust: 'first-party',
    access: 'groups',
  });
  expect(wiki?.client).toMatchObject({
    clientId: 'wiki',
    issuer: 'https://hub.example/c/lamyne',
    requirePkce: false,
  });
  const context = clientSecretContext(community?.id as string, wiki?.id as string);
  expect(SEALER.open(wiki?.client?.sealedSecret as Buffer, context).toString()).toBe(
    'secret-of-the-wiki',
  );

  const [alice] =
    await rows(`SELECT m.*, p.password_hash, e.verified_at FROM memberships m JOIN persons p ON p.id = m.person_id
    JOIN person_emails e ON e.person_id = p.id WHERE username = 'alice'`);
  expect(alice).toMatchObject({
    display_name: 'Alice Martin',
    role: 'owner',
    status: 'active',
    verified_at: expect.any(Date),
  });
  expect((await checkPassword(alice.password_hash, 'secret-of-alice')).matches).toBe(true);

  const events = await rows('SELECT type, actor, details FROM events ORDER BY id');
  expect(events.map((event) => event.type)).toEqual([
    'operator.created',
    'community.created',
    'group.created',
    'group.created',
    'group.nested',
    'member.created',
    'group.member-added',
    'member.created',
    'group.member-added',
    'group.member-added',
    'service.created',
    'service.reader-created',
  ]);
  expect(new Set(events.map((event) => event.actor))).toEqual(new Set(['apply']));
  expect(JSON.stringify(events)).not.toMatch(SECRETS);
});

test('a second run changes nothing, with --prune neither', async () => {
  await apply(HUB);
  const before = await everything();
  expect(formatPlan(await apply(HUB))).toBe('nothing to change');
  expect(formatPlan(await apply(HUB, { prune: true }))).toBe('nothing to change');
  expect(await everything()).toEqual(before);
});

test('a dry run gives the same plan and writes nothing', async () => {
  const before = await everything();
  const dry = await apply(HUB, { dryRun: true });
  expect(await everything()).toEqual(before);
  expect(formatPlan(dry)).toContain(
    '7 added, 0 changed, 0 taken away (dry run: nothing was written)',
  );
  expect(dry.changes).toEqual((await apply(HUB)).changes);
});

test('a fault at the very end leaves nothing, and what only the database shows has its line, too', async () => {
  await apply(HUB);
  const hub = { database: db.database, url: 'https://hub.example' };
  await changeCommunity(hub, { slug: 'lamyne' }, { hosts: ['login.lamyne.example'] });
  const before = await everything();
  const text = `version: 1
communities:
  - slug: fresh
    name: Fresh
  - slug: other
    name: Other
    hosts: [login.lamyne.example]
  - slug: third
    name: Third
    ldap: { base: O=lamyne }
operators:
  - email: new@hub.example
`;
  expect((await faultsOf(apply(text))).replaceAll(/^.*\/hub/gm, 'hub').split('\n')).toEqual([
    'hub.yaml:7:13 communities[1].hosts[0]: is a host of the community lamyne: give another, or take it away from lamyne first',
    'hub.yaml:10:13 communities[2].ldap.base: has the LDAP base "O=lamyne", which belongs to the community "lamyne": give another under ldap.base',
    'hub.yaml:12:5 operators[0].email: is a new operator and has no way to sign in: give a password or passwordHash',
  ]);
  await faultsOf(apply(HUB.replace('username: bob', 'username: ALICE')));
  await faultsOf(apply(HUB.replace('recipe:', 'recipee:')));
  expect(await everything()).toEqual(before);
});

test('what a file does not say stays as it is', async () => {
  await apply(HUB);
  const before = await everything();
  const plan = await apply(`version: 1
communities:
  - slug: lamyne
    name: La MYNE
    members: [{ username: Bob, name: Bob }]
    services: [{ slug: wiki, recipe: generic-oidc }]
`);
  expect(formatPlan(plan)).toBe('~ member lamyne/Bob: username\n0 added, 1 changed, 0 taken away');
  await apply(HUB);
  const kept = (state: unknown) =>
    JSON.stringify(
      (state as [string, unknown][]).filter(
        ([table]) => !['memberships', 'events'].includes(table),
      ),
      // A group's time moves with the name of somebody in it.
      (key, value) => (key === 'updated_at' ? undefined : value),
    );
  expect(kept(await everything())).toBe(kept(before));
});

test('each change is one line with its keys, and the events that the same change has elsewhere', async () => {
  await apply(HUB);
  const plan = await apply(
    HUB.replace(
      'name: La MYNE',
      'name: MYNE\n    contact: a@b.example\n    hosts: [login.lamyne.example]',
    )
      .replace('secret-of-bob-b', 'secret-of-bob-2')
      .replace('bob@lamyne', 'robert@lamyne')
      .replace('secret-of-the-wiki', 'secret-of-wiki-2')
      .replace('secret-of-reader', 'secret-of-reader-2')
      .replace('role: owner', 'role: admin')
      .replace('name: Bob,', 'name: Bob, role: owner,')
      .replace('{ name: bureau }', '{ name: Bureau, description: Le bureau }'),
  );
  expect(formatPlan(plan)).toBe(`~ community lamyne: name, contact, hosts
~ group lamyne/Bureau: name, description
~ member lamyne/alice: role
~ member lamyne/bob: email, role, password
~ service lamyne/wiki: ldap.password, client.secret
0 added, 5 changed, 0 taken away`);
  const events = await rows('SELECT type, details FROM events ORDER BY id OFFSET 12');
  expect(events).toEqual([
    { type: 'community.updated', details: { fields: ['name', 'contact', 'hosts'] } },
    { type: 'group.updated', details: expect.objectContaining({ name: 'Bureau' }) },
    { type: 'member.role-changed', details: { from: 'owner', to: 'admin' } },
    { type: 'member.updated', details: { fields: ['email'] } },
    { type: 'member.role-changed', details: { from: 'member', to: 'owner' } },
    { type: 'member.password-changed', details: {} },
    { type: 'service.secret-rotated', details: {} },
    { type: 'service.reader-secret-changed', details: {} },
  ]);
  expect(JSON.stringify(events)).not.toMatch(SECRETS);
  expect(
    await rows(
      `SELECT address FROM person_emails WHERE address LIKE '%bo%' OR address LIKE '%rob%'`,
    ),
  ).toEqual([{ address: 'robert@lamyne.example' }]);
  // The wiki was registered before the community had a host.
  expect(await rows('SELECT issuer FROM service_clients')).toEqual([
    { issuer: 'https://hub.example/c/lamyne' },
  ]);
});

test('a service that is registered once the community has a host has that host as its issuer, for good', async () => {
  const text = HUB.replace('name: La MYNE', 'name: La MYNE\n    hosts: [Login.lamyne.example]');
  expect((await apply(text)).notes).toEqual([]);
  expect(await rows('SELECT issuer FROM service_clients')).toEqual([
    { issuer: 'https://login.lamyne.example' },
  ]);
  const without = HUB.replace('name: La MYNE', 'name: La MYNE\n    hosts: []');
  expect(formatPlan(await apply(without))).toBe('nothing to change');
  expect(await faultsOf(apply(without, { prune: true }))).toContain(
    'hosts: would take away login.lamyne.example, which is the issuer of the service wiki',
  );
});

test('a host goes together with the service that has it as its issuer, or with its client', async () => {
  const hosted = HUB.replace('name: La MYNE', 'name: La MYNE\n    hosts: [login.lamyne.example]');
  const without = HUB.replace('name: La MYNE', 'name: La MYNE\n    hosts: []');
  await apply(hosted);
  expect(
    formatPlan(await apply(without.replace(/client: .*/, 'client: null'), { prune: true })),
  ).toBe(`~ community lamyne: hosts
~ service lamyne/wiki: client.id
0 added, 2 changed, 0 taken away`);
  await apply(hosted);
  expect(
    formatPlan(await apply(without.replace(/services:[^$]*/, 'services: []'), { prune: true })),
  ).toBe(`~ community lamyne: hosts
- service lamyne/wiki
0 added, 1 changed, 1 taken away`);
});

test('services stand in the order of the file; another order is one change, of the community', async () => {
  const two = HUB.replace('ldap: { password: secret-of-reader }', '');
  const named = (first: string, second: string) =>
    two.replace(
      /services:[^$]*/,
      `services: [{ slug: ${first}, recipe: generic-oidc }, { slug: ${second}, recipe: generic-oidc }]\n`,
    );
  await apply(named('wiki', 'chat'));
  expect(formatPlan(await apply(named('chat', 'wiki')))).toContain(
    '~ community lamyne: services\n',
  );
  const community = await loadCommunity(db.database, { slug: 'lamyne' });
  expect(community?.services.map(({ slug }) => slug)).toEqual(['chat', 'wiki']);
});

test('two members swap their addresses, and two communities a host', async () => {
  const hosted = HUB.replace('name: La MYNE', 'name: La MYNE\n    hosts: [a.example]');
  await apply(
    hosted.replace(
      / {4}services:[\s\S]*/,
      '  - { slug: other, name: Other, hosts: [b.example] }\n',
    ),
  );
  const swapped = hosted
    .replace('alice@', 'x@')
    .replace('bob@', 'alice@')
    .replace('x@', 'bob@')
    .replace('a.example', 'b.example');
  await apply(
    swapped.replace(
      / {4}services:[\s\S]*/,
      '  - { slug: other, name: Other, hosts: [a.example] }\n',
    ),
    { prune: true },
  );
  expect(await rows('SELECT username, email FROM memberships ORDER BY 1')).toEqual([
    { username: 'alice', email: 'bob@lamyne.example' },
    { username: 'bob', email: 'alice@lamyne.example' },
  ]);
  expect(
    await rows(
      'SELECT c.slug, h.host FROM community_hosts h JOIN communities c ON c.id = h.community_id ORDER BY 1',
    ),
  ).toEqual([
    { slug: 'lamyne', host: 'b.example' },
    { slug: 'other', host: 'a.example' },
  ]);
});

test('an address never links to somebody who is already known, nor to a member whom the file does not name', async () => {
  await apply(HUB);
  await apply(
    'version: 1\ncommunities:\n  - { slug: other, name: Other, members: [{ username: alice, name: Alice, email: alice@lamyne.example }] }\n',
  );
  expect(
    await rows(
      `SELECT count(DISTINCT person_id)::int AS persons FROM memberships WHERE username = 'alice'`,
    ),
  ).toEqual([{ persons: 2 }]);
  const taken =
    'version: 1\ncommunities:\n  - { slug: lamyne, name: La MYNE, members: [{ username: carol, name: Carol, email: BOB@lamyne.example }] }\n';
  expect(await faultsOf(apply(taken))).toContain(
    'members[0].email: is the address of the member bob',
  );
});

test('passwords given as hashes are compared as text', async () => {
  const text = (hash: string) =>
    `version: 1\ncommunities:\n  - { slug: a, name: A, members: [{ username: a, name: A, passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$${hash}aGFzaGFzaGFzaGFzaGFzaGFzaGFzaA" }] }\n`;
  await apply(text('aGFzaA'));
  expect(formatPlan(await apply(text('aGFzaA')))).toBe('nothing to change');
  expect(formatPlan(await apply(text('aGFzaB')))).toContain('~ member a/a: password');
});

test('a community that moved away is refused, one that is archived opens only when the file says so', async () => {
  await apply(HUB);
  await rows(`UPDATE communities SET state = 'archived'`);
  expect(await faultsOf(apply(HUB))).toContain(
    'communities[0].slug: is archived, and so left alone: say "state: active"',
  );
  expect(
    formatPlan(await apply(HUB.replace('name: La MYNE', 'name: La MYNE\n    state: active'))),
  ).toContain('~ community lamyne: state');
  await rows(`UPDATE communities SET state = 'moved'`);
  expect(await faultsOf(apply(HUB))).toContain('has moved to another hub');
});

test('another community with the same names is not touched', async () => {
  const both = `${HUB}${HUB.slice(HUB.indexOf('  - slug: lamyne')).replace('slug: lamyne', 'slug: hermitage')}`;
  await apply(both);
  const other = () =>
    rows(`SELECT to_jsonb(m) AS m, p.password_hash FROM memberships m JOIN persons p ON p.id = m.person_id
    JOIN communities c ON c.id = m.community_id WHERE c.slug = 'hermitage' ORDER BY m.username`);
  const before = await other();
  await apply(
    HUB.replace('secret-of-bob-b', 'secret-of-bob-2')
      .replace(/ {6}- \{ username: alice.*\n/, '')
      .replace('name: Bob', 'role: owner, name: B')
      .replace('communities:', 'communities:\n  - { slug: hermitage, name: La MYNE }'),
    { prune: true },
  );
  expect(await other()).toEqual(before);
  expect(
    await rows(
      `SELECT c.slug FROM services s JOIN communities c ON c.id = s.community_id ORDER BY 1`,
    ),
  ).toEqual([{ slug: 'hermitage' }, { slug: 'lamyne' }]);
});
