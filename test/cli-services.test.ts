import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientSecretContext } from '../src/domain/communities/community.ts';
import { loadCommunity } from '../src/domain/communities/community-store.ts';
import { checkPassword } from '../src/domain/people/password.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { type Run, runTrousseau } from './support/run-trousseau.ts';

const SECRET = 'a-sealing-key-of-more-than-32-characters';
const SEALER = createSealer([SECRET]);

let db: TestDatabase;
let community: string;
let folder: string;

beforeAll(async () => {
  db = await cloneDatabase();
  const make = factories(db.database);
  folder = await mkdtemp(join(tmpdir(), 'trousseau-cli-services-'));
  community = await make.buildCommunity('lamyne');
  await make.buildCommunity('hermitage');
  await make.buildGroup(community, 'bureau');
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

function trousseau(line: string | string[], input = ''): Promise<Run> {
  const env = { DATABASE_URL: db.url, TROUSSEAU_SECRET: SECRET, TROUSSEAU_DATA: folder };
  return runTrousseau(typeof line === 'string' ? line.split(' ') : line, env, { input });
}

async function json(line: string | string[], input?: string) {
  const run = await trousseau(
    [...(typeof line === 'string' ? line.split(' ') : line), '--json'],
    input,
  );
  expect(run).toMatchObject({ code: 0, err: '' });
  return JSON.parse(run.out);
}

/** It did nothing, and says why in one line. */
function expectRefused(run: Run, reason: RegExp) {
  expect(run).toMatchObject({ code: 1, out: '' });
  expect(run.err).toMatch(/^trousseau: [^\n]+\n$/);
  expect(run.err).toMatch(reason);
}

async function service(slug: string) {
  const found = await loadCommunity(db.database, { id: community });
  return found?.services.find((candidate) => candidate.slug === slug);
}

async function storedSecret(slug: string): Promise<string | undefined> {
  const found = await service(slug);
  if (!found?.client?.sealedSecret) return undefined;
  return SEALER.open(
    found.client.sealedSecret,
    clientSecretContext(community, found.id),
  ).toString();
}

const events = async (type: string) =>
  (await db.database.query('SELECT details FROM events WHERE type = $1', [type])).map(
    (row) => row.details,
  );

test('an app is registered with a secret and a reader that are shown once, changed, and taken away', async () => {
  const added = await json(
    'service add lamyne wiki --name Wiki --url https://wiki.example --group bureau --redirect-uri https://wiki.example/cb --reader',
  );
  expect(added).toMatchObject({
    service: 'wiki',
    clientId: 'wiki',
    issuer: 'http://localhost:8080/c/lamyne',
    reader: { dn: 'cn=wiki,ou=services,o=lamyne' },
    warning: { code: 'path-issuer', reason: expect.stringContaining('give it a host of its own') },
  });
  expect(await storedSecret('wiki')).toBe(added.secret);
  const [reader] = await db.database.query('SELECT password_hash FROM service_readers');
  expect((await checkPassword(reader.password_hash, added.reader.secret)).matches).toBe(true);
  expect(await service('wiki')).toMatchObject({ access: 'groups', url: 'https://wiki.example' });

  const set =
    'service set lamyne wiki --no-url --access everyone --session-hours 8 --scope openid --scope groups';
  const changed = await trousseau(set);
  expect(changed.out).toBe('Changed wiki: url, access, sessionHours, client.scopes.\n');
  expect((await trousseau(set)).out).toBe('wiki was so already; nothing was changed.\n');
  expect(await service('wiki')).toMatchObject({
    url: null,
    access: 'everyone',
    client: { scopes: ['openid', 'groups'], redirectUris: ['https://wiki.example/cb'] },
  });
  expect(await storedSecret('wiki')).toBe(added.secret);
  expect(await events('service.updated')).toEqual([
    { slug: 'wiki', fields: ['url', 'access', 'sessionHours', 'client.scopes'] },
  ]);

  expect((await trousseau('service remove lamyne wiki')).out).toMatch(/^Removed wiki from lamyne/);
  expect(await service('wiki')).toBeUndefined();
});

test('a secret that the app has already comes from standard input and is printed nowhere', async () => {
  const given = 'a secret of the forum';
  const run = await trousseau(
    'service add lamyne forum --redirect-uri https://forum.example/cb --secret-stdin',
    `${given}\n`,
  );
  expect(run).toMatchObject({ code: 0, err: '' });
  expect(run.out).not.toContain(given);
  expect(await storedSecret('forum')).toBe(given);

  expect((await trousseau('service set lamyne forum --auth none')).out).toBe(
    'Changed forum: client.auth, client.pkce.\n',
  );
  expect((await service('forum'))?.client).toMatchObject({ sealedSecret: null, requirePkce: true });
  const back = await json('service set lamyne forum --auth client_secret_post');
  expect(back.changed).toEqual(['client.secret', 'client.auth']);
  expect(await storedSecret('forum')).toBe(back.secret);
});

test.each([
  ['add lamyne forum', /there is a service "forum" already/],
  ['add lamyne radio --group gone', /there is no group "gone" in lamyne/],
  [
    'add lamyne radio --redirect-uri javascript:alert(1)',
    /"javascript:alert\(1\)" must begin with/,
  ],
  [
    'add lamyne radio --redirect-uri https://r.example/ --client-id forum',
    /the client id of another/,
  ],
  ['set lamyne forum --auth none --pkce off', /pkce cannot be false with auth: none/],
  ['remove hermitage forum', /there is no service "forum" in hermitage/],
])('"service %s" is refused, and changes nothing', async (line, reason) => {
  const before = await db.database.query('SELECT * FROM services, service_clients');
  expectRefused(await trousseau(`service ${line}`), reason);
  expect(await db.database.query('SELECT * FROM services, service_clients')).toEqual(before);
});

test('settings of a community change one by one, and what is not said stays', async () => {
  await writeFile(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"></svg>');
  const line = [
    ...'community set lamyne --accent #0A7D5A --contact a@b.example --second-factor admins'.split(
      ' ',
    ),
    ...['--second-factor-from', '2027-01-31', '--password-bind', 'on'],
    ...['--logo', join(folder, 'logo.svg')],
    ...['--optional-question', 'Une remarque ?', '--question', 'Qui êtes-vous ?'],
  ];
  expect((await trousseau(line)).out).toBe(
    'Changed lamyne: branding.accent, contact, ldap.passwordBind, branding.logo, policies.secondFactor, policies.secondFactorFrom, questions.\n',
  );
  expect((await trousseau(line)).out).toMatch(/nothing was changed/);
  expect((await trousseau('community set lamyne --no-contact')).out).toBe(
    'Changed lamyne: contact.\n',
  );
  expect(await json('community show lamyne')).toMatchObject({
    accent: '#0a7d5a',
    contact: null,
    secondFactor: 'admins',
    secondFactorFrom: '2027-01-31T00:00:00Z',
    ldapPasswordBind: true,
    questions: [
      { text: 'Une remarque ?', required: false },
      { text: 'Qui êtes-vous ?', required: true },
    ],
  });
  expectRefused(
    await trousseau('community set lamyne --accent green'),
    /the accent "green" must be a colour/,
  );
  expectRefused(
    await trousseau('community set lamyne --ldap-base o=hermitage'),
    /belongs to the community "hermitage"/,
  );
});

test('hosts come, change places and go, but for the issuer of a service', async () => {
  const hosts = 'community hosts lamyne';
  await trousseau(`${hosts} --add Login.lamyne.example --add id.lamyne.example`);
  expect((await json(`${hosts} --first id.lamyne.example`)).hosts).toEqual([
    'id.lamyne.example',
    'login.lamyne.example',
  ]);
  const added = await trousseau('service add lamyne chat --redirect-uri https://chat.example/cb');
  expect(added.out).not.toContain('Mind the issuer');
  expect((await service('chat'))?.client?.issuer).toBe('https://id.lamyne.example');
  expectRefused(
    await trousseau(`${hosts} --remove id.lamyne.example`),
    /would take away id\.lamyne\.example, which is the issuer of the service chat/,
  );
  expectRefused(
    await trousseau('community hosts hermitage --add login.lamyne.example'),
    /is a host of the community lamyne/,
  );
  expectRefused(await trousseau(`${hosts} --add localhost:8080`), /is the hub's own host/);
  expect((await json(`${hosts} --remove login.lamyne.example`)).hosts).toEqual([
    'id.lamyne.example',
  ]);
});

test('POSIX accounts are turned on and off', async () => {
  const posix = 'community posix lamyne';
  expectRefused(await trousseau(posix), /give --first-number, --count and --primary-group/);
  const on = `${posix} --first-number 10000 --count 50 --primary-group bureau`;
  expect((await trousseau(on)).out).toBe('POSIX accounts of lamyne are on.\n');
  expect((await trousseau(`${posix} --count 60`)).out).toBe('POSIX accounts of lamyne are on.\n');
  const [group] = await db.database.query('SELECT gid_number FROM groups');
  expect(group).toEqual({ gid_number: 10_000 });
  expectRefused(
    await trousseau(`${posix} --first-number 61184`),
    /systems give to users of their own/,
  );
  expect(await json(`${posix} --off`)).toMatchObject({ posix: 'off', changed: true });
});

test("an operators' reader gets a secret that is shown once, another, and goes", async () => {
  const first = await json('operator-reader set backup');
  expect(first).toMatchObject({ dn: 'cn=backup,cn=operators', created: true });
  const second = await json('operator-reader set backup');
  const [stored] = await db.database.query('SELECT password_hash FROM operator_readers');
  expect((await checkPassword(stored.password_hash, second.secret)).matches).toBe(true);
  expect((await trousseau('operator-reader list')).out).toBe('cn=backup,cn=operators\n');
  expectRefused(await trousseau('operator-reader set Backup'), /the reader "Backup" must have/);
  await json('operator-reader remove backup');
  expectRefused(await trousseau('operator-reader remove backup'), /there is no reader "backup"/);
});
