import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInvitation } from '../src/domain/invitations/invitation-store.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { changeCommunity } from './support/factories.ts';

const PROGRAM = fileURLToPath(new URL('../src/trousseau.js', import.meta.url));
let db: TestDatabase;
let make: ReturnType<typeof factories>;
let lieu: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  lieu = await make.buildCommunity('lieu');
});
afterAll(() => db.drop());

type Run = { code: number | null; out: string; err: string };

function trousseau(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      DATABASE_URL: db.url,
      TROUSSEAU_URL: 'https://hub.example',
      TROUSSEAU_SECRET: 'a-sealing-key-of-more-than-32-characters',
    },
  });
  const run: Run = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    run.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.err += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...run, code })));
}
const json = async (...args: string[]) => JSON.parse((await trousseau(...args, '--json')).out);

test('an operator invites, sees who came, and takes an invitation back', async () => {
  await make.buildGroup(lieu, 'bureau');
  const made = await json('invitation', 'create', 'lieu', '--role', 'owner', '--group', 'bureau');
  expect(made).toMatchObject({ role: 'owner', groups: ['bureau'], maxUses: 1, days: 7 });
  expect(made.url).toMatch(/^https:\/\/hub\.example\/c\/lieu\/invitations\/[\w-]{43}$/);
  const token = made.url.split('/').at(-1);
  expect(await findInvitation(db.database, lieu, token)).toMatchObject({ state: 'open' });

  const listed = await trousseau('invitation', 'list', 'lieu');
  expect(listed.out).toContain(made.id);
  expect(listed.out).toMatch(/owner +0\/1 .* open/);
  expect(listed.out).not.toContain(token);
  expect(JSON.stringify(await json('invitation', 'list', 'lieu'))).not.toContain(token);

  const revoked = await trousseau('invitation', 'revoke', 'lieu', made.id);
  expect(revoked).toMatchObject({ code: 0, out: expect.stringContaining('is revoked') });
  expect(await findInvitation(db.database, lieu, token)).toMatchObject({ state: 'revoked' });
});

test('an invitation leads to the community’s own host, for as many as it says', async () => {
  await make.buildCommunity('myne');
  const hub = { database: db.database, url: 'http://localhost:8080' };
  await changeCommunity(hub, { slug: 'myne' }, { hosts: ['login.lamyne.example'] });
  const made = await json('invitation', 'create', 'myne', '--many', '--days', '30');
  expect(made).toMatchObject({ maxUses: null, days: 30, role: 'member' });
  expect(made.url).toMatch(/^https:\/\/login\.lamyne\.example\/invitations\//);
  const shown = await trousseau('invitation', 'create', 'myne', '--uses', '40');
  expect(shown.out).toMatch(/^This link lets 40 people into myne as member, for 7 days:\nhttps:/);
});

test.each([
  [['create', 'nowhere'], /there is no community "nowhere"/],
  [['create', 'lieu', '--group', 'x'], /there is no group "x"/],
  [['create', 'lieu', '--uses', '0'], /from 1 to 10000/],
  [['create', 'lieu', '--many', '--uses', '3'], /cannot be used with/],
  [['create', 'lieu', '--label', '\u202e'], /the label must/],
  [['revoke', 'lieu', 'x'], /there is no invitation x/],
  [['revoke', 'lieu', '5b1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c11'], /there is no invitation 5b1f1f0e/],
])('%j says in one line why it did nothing', async (args, reason) => {
  const run = await trousseau('invitation', ...args);
  expect(run.code).not.toBe(0);
  expect(run.out).toBe('');
  expect(run.err).toMatch(/^trousseau: [^\n]+\n$/);
  expect(run.err).toMatch(reason);
});

test('an operator lets those in who asked, or refuses them, and they are told', async () => {
  for (const username of ['camille', 'sacha']) {
    const email = `${username}@exemple.fr`;
    await make.buildMember(lieu, { username, status: 'requested', email, emailVerified: true });
  }
  expect(await json('member', 'admit', 'lieu', 'camille')).toMatchObject({
    status: 'active',
    changed: true,
  });
  expect(await json('member', 'refuse', 'lieu', 'sacha', '--reason', 'Complet')).toMatchObject({
    status: 'left',
    changed: true,
  });
  const again = await trousseau('member', 'admit', 'lieu', 'sacha');
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('cannot admit') });
  const mails = await db.database.query(
    `SELECT payload FROM outbox WHERE community_id = $1 AND kind = 'mail' ORDER BY id`,
    [lieu],
  );
  expect(mails.map(({ payload }) => payload)).toMatchObject([
    { template: 'request-approved', to: 'camille@exemple.fr' },
    { template: 'request-refused', to: 'sacha@exemple.fr', data: { reason: 'Complet' } },
  ]);
});
