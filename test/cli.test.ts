import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { findByLogin } from '../src/domain/memberships/membership-store.ts';
import { checkPassword } from '../src/domain/people/password.ts';
import { writeCertificate } from './support/certificate.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { freePort } from './support/free-port.ts';
import { scratchFolder } from './support/scratch-folder.ts';

const PROGRAM = fileURLToPath(new URL('../src/trousseau.js', import.meta.url));
const SECRET = 'a-sealing-key-of-more-than-32-characters';
const UNREACHABLE = 'postgres://somebody:topsecretpassword@127.0.0.1:1/nowhere';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let folder: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  folder = await mkdtemp(join(await scratchFolder(), 'trousseau-cli-'));
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

type Run = { code: number | null; out: string; err: string };
type Options = { env?: Record<string, string>; input?: string | Buffer };

/** Runs the command as a user does: its own process, the environment for settings. */
function trousseau(line: string | string[], { env = {}, input }: Options = {}): Promise<Run> {
  const args = Array.isArray(line) ? line : line.split(' ');
  const settings = { DATABASE_URL: db.url, TROUSSEAU_SECRET: SECRET, TROUSSEAU_DATA: folder };
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...settings,
      ...env,
    },
  });
  const run: Run = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    run.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.err += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...run, code })));
}

/** It did nothing, and says why in one line. */
function expectRefused(run: Run, reason: RegExp, code = 1) {
  expect(run).toMatchObject({ code, out: '' });
  expect(run.err).toMatch(/^trousseau: [^\n]+\n$/);
  expect(run.err).toMatch(reason);
}

const json = async (line: string, options?: Options) =>
  JSON.parse((await trousseau(line, options)).out);

test('help lists every command, and touches neither settings nor database', async () => {
  const run = await trousseau('help', {
    env: { DATABASE_URL: UNREACHABLE, TROUSSEAU_URL: 'nonsense' },
  });
  expect(run).toMatchObject({ code: 0, err: '' });
  for (const command of 'start migrate apply community member service keys doctor demo help'.split(
    ' ',
  )) {
    expect(run.out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  }
  expect((await trousseau('help member')).out).toMatch(/suspend/);
});

test.each([
  ['communty list', /unknown command 'communty' \(Did you mean community\?\)/],
  ['member lst lamyne', /Did you mean list/],
  ['member list', /missing required argument 'community'/],
  ['member list lamyne --forbidden', /unknown option '--forbidden'/],
  ['member role lamyne alice king', /Allowed are member, admin, owner/],
  ['member add lamyne bob --password hunter2hunter2', /unknown option '--password'/],
])('"%s" is answered with one line and code 2', async (line, reason) => {
  expectRefused(await trousseau(line), reason, 2);
});

test('a community is created once, shown, frozen, and its state told', async () => {
  const created = await trousseau(['community', 'create', 'lamyne', '--name', 'La MYNE']);
  expect(created).toMatchObject({
    code: 0,
    out: 'Created lamyne, at http://localhost:8080/c/lamyne.\n',
  });
  expectRefused(
    await trousseau('community create lamyne --name X'),
    /is a community "lamyne" already/,
  );
  expectRefused(await trousseau('community create La_Myne --name X'), /not a slug/);
  expect((await trousseau('community freeze lamyne')).out).toMatch(/is frozen now/);
  expect((await trousseau('community freeze lamyne')).out).toMatch(/already; nothing was changed/);
  expect(await json('community show lamyne --json')).toMatchObject({
    name: 'La MYNE',
    state: 'frozen',
  });
  expect((await trousseau('community list')).out).toMatch(/^lamyne +La MYNE +frozen/m);
  expectRefused(await trousseau('community show hermitage'), /there is no community "hermitage"/);
});

test('a refused command says so in JSON when asked for JSON', async () => {
  const run = await trousseau('community show nowhere --json');
  expect(run).toMatchObject({ code: 1, out: '' });
  expect(JSON.parse(run.err)).toEqual({ error: expect.stringContaining('no community "nowhere"') });
});

test('a member is added, found, suspended and resumed', async () => {
  const community = await make.buildCommunity('fabrique');
  await make.buildGroup(community, 'Bureau');
  const added = await json(
    'member add fabrique alice --email alice@lieu.example --role owner --group bureau --json',
  );
  const stored = await findByLogin(db.database, community, 'alice');
  expect(stored).toMatchObject({
    subject: added.subject,
    role: 'owner',
    email: 'alice@lieu.example',
  });
  const [person] = await db.database.query('SELECT password_hash FROM persons WHERE id = $1', [
    stored?.personId,
  ]);
  expect((await checkPassword(person.password_hash, added.password)).matches).toBe(true);

  await make.buildSession(community, added.subject);
  const suspended = await trousseau('member suspend fabrique alice@lieu.example');
  expect(suspended.out).toMatch(/alice is suspended in fabrique now/);
  expect(
    await db.database.query('SELECT 1 FROM sessions WHERE subject = $1', [added.subject]),
  ).toEqual([]);
  expect((await trousseau(`member resume fabrique ${added.subject}`)).code).toBe(0);

  const shown = await json('member show fabrique ALICE --json');
  expect(shown).toMatchObject({ status: 'active', groups: [{ name: 'Bureau', direct: true }] });
  expect(shown).not.toHaveProperty('personId');
  expect((await trousseau('member group fabrique alice --remove Bureau')).out).toMatch(
    /now in no group/,
  );
  expectRefused(await trousseau('member role fabrique alice admin'), /only owner/);
  await make.buildMember(community, { role: 'owner' });
  expect((await trousseau('member role fabrique alice admin')).out).toMatch(
    /is admin of fabrique now/,
  );
  expect((await trousseau('member rename fabrique alice alix')).out).toMatch(/is alix now/);
  expect((await json('member list fabrique --json --search alix')).members).toMatchObject([
    { username: 'alix', role: 'admin', subject: added.subject },
  ]);
  const actors = await db.database.query(`SELECT DISTINCT actor FROM events WHERE subject = $1`, [
    added.subject,
  ]);
  expect(actors).toEqual([{ actor: 'cli' }]);
  expectRefused(await trousseau('member add fabrique ALIX'), /another member has the username/);
  expectRefused(
    await trousseau('member suspend fabrique nobody'),
    /no member "nobody" in fabrique/,
  );
});

test('a password comes from standard input, and a short one changes nothing', async () => {
  const community = await make.buildCommunity('atelier');
  const subject = await make.buildMember(community, { username: 'bruno', passwordHash: 'before' });
  const set = (input: string) =>
    trousseau('member password atelier bruno --password-stdin', { input });
  const hash = async () => {
    const [row] = await db.database.query(
      'SELECT password_hash FROM persons p JOIN memberships m ON m.person_id = p.id WHERE m.subject = $1',
      [subject],
    );
    return row.password_hash;
  };
  expectRefused(await set('court\n'), /fewer than 12 characters/);
  expectRefused(await set('x'.repeat(5000)), /more than 1024 bytes/);
  expect(await hash()).toBe('before');
  const run = await set('cinq mots et un espace\n');
  expect(run).toMatchObject({ code: 0, err: '' });
  expect(run.out).not.toContain('cinq mots');
  expect((await checkPassword(await hash(), 'cinq mots et un espace')).matches).toBe(true);
});

test('requests for a service are listed and answered, and its secret is shown once', async () => {
  const community = await make.buildCommunity('jardin');
  const subject = await make.buildMember(community, { username: 'chloe' });
  const service = await make.buildService(community, { slug: 'carnet', access: 'approval' });
  await db.database.query(`INSERT INTO accounts VALUES ($1, $2, $3, 'requested')`, [
    community,
    service.serviceId,
    subject,
  ]);
  expect((await trousseau('service requests jardin')).out).toMatch(/^carnet +chloe/m);
  expect((await trousseau('service approve jardin carnet chloe')).out).toMatch(
    /chloe is let in to carnet/,
  );
  expect((await trousseau('service requests jardin carnet')).out).toMatch(/Nobody waits/);
  expect((await trousseau('service block jardin carnet chloe')).out).toMatch(
    /kept out of carnet now/,
  );
  expect((await trousseau('service list jardin')).out).toMatch(
    /^carnet .*approval +client-carnet/m,
  );
  const { secret } = await json('service rotate-secret jardin carnet --json');
  expect(secret).toHaveLength(43);
  const shown = await trousseau('service show jardin carnet --json');
  expect(JSON.parse(shown.out).client).toMatchObject({
    clientId: 'client-carnet',
    hasSecret: true,
  });
  expect(shown.out).not.toMatch(/sealed/i);
});

test('keys are listed and rotated', async () => {
  await make.buildCommunity('moulin');
  expect((await trousseau('keys list moulin')).out).toMatch(/has no keys yet/);
  expect((await trousseau('keys rotate moulin')).out).toMatch(/has new keys; they sign from/);
  expect((await trousseau('keys rotate moulin')).out).toMatch(/under way already/);
  const { keys } = await json('keys list moulin --json');
  expect(keys.map((key: { state: string }) => key.state)).toEqual([
    'signs',
    'signs',
    'upcoming',
    'upcoming',
  ]);
  expect(JSON.stringify(keys)).not.toMatch(/"d":/);
});

test('a file is applied once, and a file with faults changes nothing', async () => {
  const path = join(folder, 'network.yaml');
  const file = (body: string) => writeFile(path, `version: 1\ncommunities:\n${body}`);
  await file('  - { slug: halle, name: La Halle }\n');
  const planned = await trousseau(['apply', path, '--dry-run']);
  expect(planned.out).toMatch(/^\+ community halle/m);
  expectRefused(await trousseau('community show halle'), /no community "halle"/);
  expect((await trousseau(['apply', path])).out).toMatch(/^\+ community halle/m);
  expect((await trousseau(['apply', path])).out).not.toMatch(/^[+~-]/m);

  await file('  - { slug: halle, name: Autre, nme: x }\n');
  expectRefused(await trousseau(['apply', path]), /network\.yaml:3:\d+ .*nme/);
  await file('  - { slug: halle, name: Autre, nme: x, members: 3 }\n');
  const faulty = await trousseau(['apply', path]);
  expect(faulty.code).toBe(1);
  expect(faulty.err).toMatch(
    /^trousseau: the file has 2 faults[^\n]*\n( {2}\S*network\.yaml:3:\d+ .*\n){2}$/,
  );
  expect((await json('community show halle --json')).name).toBe('La Halle');
});

test('passwords and words that are not UTF-8 are refused, and nothing is stored', async () => {
  const community = await make.buildCommunity('encodage');
  const add = ['member', 'add', 'encodage', 'zoe', '--password-stdin'];
  const latin1 = Buffer.from('un café très noir, merci\n', 'latin1');
  expectRefused(
    await trousseau(add, { input: latin1 }),
    /standard input, line 1, column 7: it is not UTF-8, but probably Windows-1252/,
  );
  const utf16 = Buffer.from('\ufeffun café très noir, merci\r\n', 'utf16le');
  expectRefused(await trousseau(add, { input: utf16 }), /standard input, .*UTF-16/);
  // As a shell of a terminal in Latin-1 would call it.
  const shell = spawn('sh', [
    '-c',
    `exec "$0" "$1" member add encodage zoe --no-password --name "$(printf 'Zo\\351')"`,
    process.execPath,
    PROGRAM,
  ]);
  let told = '';
  shell.stderr.on('data', (chunk) => {
    told += chunk;
  });
  const [code] = await once(shell, 'close');
  expect([code, told]).toEqual([
    1,
    'trousseau: word 7 of the command line is not text in UTF-8: set the terminal and its locale to UTF-8\n',
  ]);
  expect(await findByLogin(db.database, community, 'zoe')).toBeUndefined();
  // As Windows may send it, with a mark before it.
  const marked = Buffer.from('\ufeffun café très noir, merci\r\n');
  expect((await trousseau(add, { input: marked })).code).toBe(0);
  const member = await findByLogin(db.database, community, 'zoe');
  const [row] = await db.database.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM persons p JOIN memberships m ON m.person_id = p.id WHERE m.subject = $1',
    [member?.subject],
  );
  expect((await checkPassword(row?.hash, 'un café très noir, merci')).matches).toBe(true);
});

test('names from the database cannot write to the terminal', async () => {
  const community = await make.buildCommunity('pirate');
  const mallory = await make.buildMember(community, { username: 'mallory' });
  // No change of ours stores such a name: somebody wrote it by hand.
  await db.database.query('UPDATE memberships SET display_name = $2 WHERE subject = $1', [
    mallory,
    '\u001b[2J\u202emoi\nowner',
  ]);
  const { out } = await trousseau('member list pirate');
  expect(out).not.toContain('\u001b');
  expect(out).not.toContain('\u202e');
  expect(out.trim().split('\n')).toHaveLength(3);
});

test('migrations are run once, and undone with --yes only', async () => {
  const name = `cli_${Date.now()}`;
  const admin = new pg.Client(inject('postgresUrl'));
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(db.url);
  url.pathname = `/${name}`;
  const env = { DATABASE_URL: url.href };
  try {
    expectRefused(await trousseau('community list', { env }), /run "trousseau migrate" first/);
    expect((await trousseau('doctor', { env })).code).toBe(1);
    expect((await json('migrate --json', { env })).ran).toContain('0001-spine');
    expect(await json('migrate --json', { env })).toEqual({ ran: [] });
    expectRefused(await trousseau('migrate --down', { env }), /--yes/);
    expect((await trousseau('community list', { env })).code).toBe(0);
    expect((await trousseau('migrate --down --yes', { env })).out).toMatch(/^Undid /);
    expectRefused(await trousseau('community list', { env }), /migrate/);
  } finally {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  }
});

test('faults of the settings and of the database are told without their passwords or a stack', async () => {
  const unreachable = await trousseau('community list', { env: { DATABASE_URL: UNREACHABLE } });
  expectRefused(unreachable, /cannot reach the database at 127\.0\.0\.1:1/);
  expect(unreachable.err).not.toContain('topsecret');
  const faulty = await trousseau('community list', { env: { TROUSSEAU_URL: 'x', LOG_LEVEL: 'y' } });
  expect(faulty.code).toBe(1);
  expect(faulty.err).toMatch(/TROUSSEAU_URL: .*\n.*LOG_LEVEL: /);
  expect(faulty.err).not.toMatch(/\bat .*\.ts/);
});

test('start and demo name what wants a port that is taken, and how it is moved', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  const taken = `127.0.0.1:${port}`;
  const { cert, key } = await writeCertificate(folder, 'taken');
  const tls = { TROUSSEAU_TLS_CERT: cert, TROUSSEAU_TLS_KEY: key, LOG_LEVEL: 'error' };
  for (const name of ['TROUSSEAU_LDAP_LISTEN', 'TROUSSEAU_LDAPS_LISTEN']) {
    const env = { ...tls, TROUSSEAU_LDAP_LISTEN: 'off', [name]: taken };
    expectRefused(
      await trousseau('start', { env }),
      new RegExp(`: ${name}: another program listens on ${taken} already`),
    );
  }
  const nowhere = { TROUSSEAU_LDAP_LISTEN: '192.0.2.1:3890' };
  expectRefused(
    await trousseau('start', { env: nowhere }),
    /LDAP_LISTEN: this machine has no addr/,
  );

  const free = [await freePort(), await freePort(), await freePort()];
  const demo = (...ports: number[]) => {
    const [hub, ldap, ...apps] = ports;
    return trousseau(`demo --port ${hub} --ldap-port ${ldap} --app-ports ${apps}`);
  };
  const [one, two, three] = free as [number, number, number];
  expectRefused(await demo(port, one, two, three), new RegExp(`: --port: .* on ${taken} already`));
  expectRefused(await demo(one, two, three, port), new RegExp(`: --app-ports: .* on ${taken} `));
  // Two of its own on one port, too.
  expectRefused(
    await demo(one, two, three, two),
    new RegExp(`-ports?: .*127.0.0.1:${two} already`),
  );
  expectRefused(await trousseau('demo --app-ports 1'), /--app-ports takes two ports/);
  blocker.close();
}, 120_000);

test('start serves until it is told to stop; a taken port ends it with one line', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const taken = `127.0.0.1:${(blocker.address() as AddressInfo).port}`;
  const refused = await trousseau('start', {
    env: { TROUSSEAU_LISTEN: taken, TROUSSEAU_LDAP_LISTEN: 'off', LOG_LEVEL: 'silent' },
  });
  blocker.close();
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    new RegExp(
      `trousseau: TROUSSEAU_LISTEN: another program listens on ${taken} already; stop it, or give another port\n$`,
    ),
  );

  const env = {
    DATABASE_URL: db.url,
    TROUSSEAU_SECRET: SECRET,
    TROUSSEAU_LISTEN: taken,
    TROUSSEAU_LDAP_LISTEN: 'off',
  };
  const hub = spawn(process.execPath, [PROGRAM, 'start', '--json'], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(hub, 'exit');
  const [first] = await once(hub.stdout, 'data');
  expect(JSON.parse(first.toString())).toEqual({ url: 'http://localhost:8080' });
  expect((await fetch(`http://${taken}/healthz`)).status).toBe(200);
  hub.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
