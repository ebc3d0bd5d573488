import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createFirstOperator,
  ensureSetupToken,
  isSetupOpen,
} from '../src/domain/operators/create-operator.ts';
import { findOperatorCredential } from '../src/domain/operators/operator-session.ts';
import { checkPassword } from '../src/domain/people/password.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/free-port.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await cloneDatabase();
});
afterEach(() => db.drop());

const ensure = async () => (await db.database.transaction(ensureSetupToken)) as string;
const operator = { email: 'ops@hub.example', password: 'a long enough passphrase' };

test('the token makes one operator, however many requests use it at once', async () => {
  const token = await ensure();
  const made = await Promise.all(
    [1, 2, 3].map((n) =>
      createFirstOperator(db.database, { ...operator, email: `ops${n}@hub.example`, token }),
    ),
  );
  expect(made.filter((id) => id !== undefined)).toHaveLength(1);
  expect(await db.database.query('SELECT 1 FROM operators')).toHaveLength(1);
  expect(await db.database.query('SELECT 1 FROM persons')).toHaveLength(1);
  expect(await isSetupOpen(db.database, token)).toBe(false);
  expect(await db.database.transaction(ensureSetupToken)).toBeUndefined();
  expect(await db.database.query(`SELECT 1 FROM hub_settings WHERE key = 'setup'`)).toEqual([]);
});

test('processes that start together print links that all work, until one of them is used', async () => {
  const tokens = await Promise.all([ensure(), ensure(), ensure()]);
  for (const token of tokens) expect(await isSetupOpen(db.database, token)).toBe(true);
  expect(
    await createFirstOperator(db.database, { ...operator, token: tokens[0] as string }),
  ).toBeDefined();
  for (const token of tokens) expect(await isSetupOpen(db.database, token)).toBe(false);
  const credential = await findOperatorCredential(db.database, operator.email);
  expect((await checkPassword(credential?.passwordHash, operator.password)).matches).toBe(true);
});

test('a wrong token makes nobody, and only hashes of the right ones are stored', async () => {
  const token = await ensure();
  expect(
    await createFirstOperator(db.database, { ...operator, token: `${token}x` }),
  ).toBeUndefined();
  expect(await db.database.query('SELECT 1 FROM persons')).toEqual([]);
  const stored = JSON.stringify(await db.database.query('SELECT * FROM hub_settings'));
  expect(stored).not.toContain(token);
  for (let n = 0; n < 16; n += 1) await ensure();
  expect(await isSetupOpen(db.database, token)).toBe(false);
});

test('the link of the set-up is printed on lines of its own, and in no line of the log', async () => {
  const port = await freePort();
  const program = fileURLToPath(new URL('../src/trousseau.js', import.meta.url));
  const child = spawn(process.execPath, [program, 'start'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: db.url,
      TROUSSEAU_SECRET: 'first-operator-'.repeat(4),
      TROUSSEAU_URL: `http://localhost:${port}`,
      TROUSSEAU_LISTEN: `127.0.0.1:${port}`,
      TROUSSEAU_LDAP_LISTEN: 'off',
      TROUSSEAU_ROLES: 'web',
    },
  });
  let said = '';
  const ended = once(child, 'close');
  const printed = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/setup\?token=\S+\s/.test(said)) resolve();
    });
  });
  await Promise.race([printed, ended]);
  child.kill('SIGTERM');
  await ended;
  const lines = said.split('\n');
  const token = /setup\?token=(\S+)/.exec(said)?.[1] as string;
  expect(lines.filter((line) => line.includes(token))).toEqual([
    `    http://localhost:${port}/setup?token=${token}`,
  ]);
  const logged = lines.filter((line) => line.startsWith('{'));
  expect(logged.length).toBeGreaterThan(0);
  for (const line of logged) expect(() => JSON.parse(line)).not.toThrow();
});
