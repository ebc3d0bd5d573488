import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findBySubject } from '../src/domain/memberships/membership-store.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { type Run, runTrousseau } from './support/run-trousseau.ts';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let folder: string;
let slug: string;
let community: string;
let lieux = 0;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  folder = await mkdtemp(join(tmpdir(), 'trousseau-cli-people-'));
});
beforeEach(async () => {
  lieux += 1;
  slug = `fabrique-${lieux}`;
  community = await make.buildCommunity(slug);
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

function trousseau(line: string | string[], input?: string): Promise<Run> {
  const env = { DATABASE_URL: db.url, TROUSSEAU_DATA: folder };
  return runTrousseau(typeof line === 'string' ? line.split(' ') : line, env, { input });
}

const json = async (line: string[], input?: string) =>
  JSON.parse((await trousseau([...line, '--json'], input)).out);

/** It did nothing, and says why in one line. */
async function expectRefused(line: string[], reason: RegExp) {
  const run = await trousseau(line);
  expect(run).toMatchObject({ code: 1, out: '' });
  expect(run.err).toMatch(/^trousseau: [^\n]+\n$/);
  expect(run.err).toMatch(reason);
}

const mails = () =>
  db.database.query(
    `SELECT payload ->> 'template' AS template, payload ->> 'to' AS to FROM outbox
     WHERE community_id = $1 AND kind = 'mail' ORDER BY id`,
    [community],
  );

test('help lists the commands for groups, operators and what changes members', async () => {
  const verbs: [string, string][] = [
    ['help', 'member group operator'],
    ['help group', 'list show add set rename nest unnest remove requests admit refuse enter leave'],
    ['help operator', 'list add password remove remove-factors'],
    ['help member', 'set leave return group'],
  ];
  const helps = await Promise.all(verbs.map(([line]) => trousseau(line)));
  for (const [n, [, commands]] of verbs.entries()) {
    for (const verb of commands.split(' '))
      expect(helps[n]?.out).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
  }
});

test("a member's names, address, language and zone are set and taken away, and both addresses are told", async () => {
  const subject = await make.buildMember(community, {
    username: 'zoe',
    email: 'zoe@lieu.example',
    emailVerified: true,
  });
  const set = ['member', 'set', slug, 'zoe'];
  const all = ['--name', '  Zoé   Dupont ', '--given-name', 'Zoé', '--email', 'zoe@autre.example'];
  expect(await json([...set, ...all, '--locale', 'en', '--zone', 'Europe/Paris'])).toMatchObject({
    fields: ['displayName', 'givenName', 'email', 'locale', 'zoneinfo'],
    changed: true,
  });
  expect(await findBySubject(db.database, community, subject)).toMatchObject({
    displayName: 'Zoé Dupont',
    givenName: 'Zoé',
    email: 'zoe@autre.example',
    locale: 'en',
    zoneinfo: 'Europe/Paris',
  });
  expect(await mails()).toEqual([
    { template: 'email-changed', to: 'zoe@autre.example' },
    { template: 'email-changed', to: 'zoe@lieu.example' },
  ]);
  expect((await trousseau([...set, '--locale', 'en'])).out).toMatch(/nothing was changed/);
  await json([...set, '--no-given-name', '--no-email', '--no-zone', '--no-locale']);
  expect(await findBySubject(db.database, community, subject)).toMatchObject({
    givenName: null,
    email: null,
    locale: null,
    zoneinfo: null,
  });
  expect((await mails()).at(-1)).toEqual({ template: 'email-removed', to: 'zoe@autre.example' });
  await Promise.all([
    expectRefused(set, /nothing to change/),
    expectRefused([...set, '--zone', 'Mars/Base'], /time zone "Mars\/Base"/),
    expectRefused([...set, '--email', 'nonsense'], /must be an e-mail address/),
    expectRefused([...set, '--name', 'x'.repeat(101)], /at most 100 characters/),
  ]);
});

test('a member leaves, and returns as who they were; whoever asks to join is answered, not sent away', async () => {
  const subject = await make.buildMember(community, { username: 'lou' });
  await make.buildMember(community, { username: 'nina', status: 'requested' });
  expect(await json(['member', 'leave', slug, 'lou'])).toMatchObject({
    status: 'left',
    changed: true,
  });
  await Promise.all([
    expectRefused(['member', 'resume', slug, 'lou'], /the membership is left/),
    expectRefused(
      ['member', 'leave', slug, 'nina'],
      /the membership is requested: admit or refuse it/,
    ),
    expectRefused(['member', 'return', slug, 'nina'], /the membership is requested/),
  ]);
  expect(await json(['member', 'return', slug, 'lou'])).toMatchObject({ subject, changed: true });
  expect((await trousseau(['member', 'return', slug, 'lou'])).out).toMatch(/already; nothing/);
});

test('groups are added, described, renamed and shown', async () => {
  const subject = await make.buildMember(community, { username: 'lou' });
  await json(['group', 'add', slug, 'Bureau', '--description', 'Le bureau']);
  await Promise.all([
    expectRefused(['group', 'add', slug, 'BUREAU'], /is the name of another group/),
    expectRefused(['group', 'add', slug, ' '], /must not be empty/),
    expectRefused(['group', 'set', slug, 'Bureau'], /nothing to change/),
    json(['member', 'groups', slug, 'lou', '--add', 'Bureau']),
  ]);
  await json(['group', 'rename', slug, 'bureau', 'conseil']);
  await json(['group', 'set', slug, 'conseil', '--no-description']);
  expect(await json(['group', 'show', slug, 'conseil'])).toMatchObject({
    name: 'conseil',
    description: null,
    members: [{ subject, username: 'lou', status: 'active' }],
  });
});

test('groups are nested without a circle, and removed with the sessions of those in them', async () => {
  const groupId = await make.buildGroup(community, 'conseil');
  await make.buildGroup(community, 'membres');
  const subject = await make.buildMember(community, { username: 'lou', groupIds: [groupId] });
  const nest = ['group', 'nest', slug, 'conseil', 'membres'];
  expect(await json(nest)).toMatchObject({ changed: true });
  const [listed] = await Promise.all([
    json(['group', 'list', slug]),
    expectRefused(['group', 'nest', slug, 'membres', 'conseil'], /goes round in a circle/),
    json(nest).then((again) => expect(again).toMatchObject({ changed: false })),
  ]);
  expect(listed).toMatchObject([
    { name: 'conseil', members: 1 },
    { name: 'membres', children: ['conseil'] },
  ]);
  expect(await json(['group', 'unnest', slug, 'conseil', 'membres'])).toMatchObject({
    changed: true,
  });
  await make.buildSession(community, subject);
  await json(['group', 'remove', slug, 'conseil']);
  expect(await db.database.query('SELECT 1 FROM sessions WHERE subject = $1', [subject])).toEqual(
    [],
  );
  await expectRefused(['group', 'show', slug, 'conseil'], /there is no group "conseil"/);
});

test('memberships, roles and places in groups get an end, and lose it', async () => {
  const subject = await make.buildMember(community, { username: 'lou' });
  await make.buildGroup(community, 'jardin');
  const day = `${new Date().getFullYear() + 1}-06-30`;
  const end = new Date(`${day}T24:00:00+02:00`).toISOString();
  await json(['member', 'set', slug, 'lou', '--until', day]);
  const role = await trousseau(['member', 'role', slug, 'lou', 'admin', '--until', day]);
  expect(role.out).toContain(`lou is admin of ${slug} until ${day}.`);
  await json(['member', 'groups', slug, 'lou', '--add', 'jardin', '--until', day]);
  expect(await json(['member', 'show', slug, 'lou'])).toMatchObject({
    until: end,
    roleUntil: end,
    groups: [{ name: 'jardin', until: end }],
  });
  const shown = await trousseau(['member', 'show', slug, 'lou']);
  expect(shown.out).toContain(`jardin until ${day}`);
  await json(['member', 'set', slug, 'lou', '--no-until']);
  await json(['member', 'groups', slug, 'lou', '--add', 'jardin', '--no-until']);
  expect(await json(['member', 'show', slug, 'lou'])).toMatchObject({
    subject,
    until: null,
    groups: [{ name: 'jardin', until: null }],
  });
  await expectRefused(['member', 'set', slug, 'lou', '--until', '2020-01-01'], /lies in the past/);
  const run = await trousseau(['member', 'set', slug, 'lou', '--until', 'soon']);
  expect([run.code, run.err]).toEqual([2, expect.stringContaining('must be a day such as')]);
});

test('groups have a way in, seats and managers, and members ask for them', async () => {
  for (const username of ['lou', 'max', 'noé']) await make.buildMember(community, { username });
  const options = ['--joining', 'request', '--seats', '1', '--manager', 'lou'];
  await json(['group', 'add', slug, 'jardin', ...options]);
  expect(await json(['group', 'list', slug])).toMatchObject([
    { name: 'jardin', joining: 'request', seats: 1, managers: ['lou'], members: 0 },
  ]);
  for (const username of ['max', 'noé'])
    expect(await json(['group', 'enter', slug, 'jardin', username])).toMatchObject({
      state: 'requested',
    });
  expect(await json(['group', 'requests', slug])).toMatchObject([
    { group: 'jardin', username: 'max' },
    { group: 'jardin', username: 'noé' },
  ]);
  expect(await json(['group', 'admit', slug, 'jardin', 'max'])).toMatchObject({ changed: true });
  await expectRefused(['group', 'admit', slug, 'jardin', 'noé'], /finds no seat/);
  expect(await json(['group', 'refuse', slug, 'jardin', 'noé'])).toMatchObject({ changed: true });
  expect(await json(['group', 'refuse', slug, 'jardin', 'noé'])).toMatchObject({ changed: false });
  expect(await json(['group', 'leave', slug, 'jardin', 'max'])).toMatchObject({ changed: true });
  await json(['group', 'set', slug, 'jardin', '--no-seats', '--remove-manager', 'lou']);
  expect(await json(['group', 'show', slug, 'jardin'])).toMatchObject({
    seats: null,
    managers: [],
    members: [],
  });
});

test('operators are added, given a password and removed, and one stays', async () => {
  const add = (email: string) =>
    json(['operator', 'add', email, '--password-stdin'], 'a long enough password\n');
  expect(await add('ops@hub.example')).toEqual({ email: 'ops@hub.example' });
  await Promise.all([
    expectRefused(['operator', 'add', 'OPS@hub.example'], /is an operator already/),
    expectRefused(['operator', 'add', 'nobody'], /not an e-mail address/),
    expectRefused(['operator', 'remove', 'ops@hub.example'], /left without an operator/),
  ]);
  await add('second@hub.example');
  expect(await json(['operator', 'password', 'ops@hub.example'])).toMatchObject({
    password: expect.stringMatching(/^[a-z0-9-]{24}$/),
  });
  await expectRefused(['operator', 'remove-factors', 'x@hub.example'], /there is no operator/);
  const removed = await trousseau(['operator', 'remove-factors', 'OPS@hub.example']);
  expect(removed.out).toMatch(/^Removed from ops@hub\.example: passkeys 0, .* password alone/);
  const [event] = await db.database.query(
    `SELECT actor, details FROM events WHERE type = 'operator.factors-removed'`,
  );
  expect(event).toMatchObject({ actor: 'cli', details: { email: 'ops@hub.example' } });
  await json(['operator', 'remove', 'ops@hub.example']);
  expect(await json(['operator', 'list'])).toEqual([{ email: 'second@hub.example' }]);
  await expectRefused(['operator', 'remove', 'ops@hub.example'], /there is no operator/);
});
