import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureKeys } from '../src/domain/signing-keys/ensure-keys.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { startSmtp } from './support/smtp.ts';

const PROGRAM = fileURLToPath(new URL('../src/trousseau.js', import.meta.url));
const SECRET = 'doctor-doctor-doctor-doctor-doctor-doctor';

let db: TestDatabase;
let community: string;

beforeEach(async () => {
  db = await cloneDatabase();
  community = await factories(db.database).buildCommunity('lamyne');
  await ensureKeys(db.database, createSealer([SECRET]), community);
});
afterEach(() => db.drop());

function doctor(env: Record<string, string> = {}, ...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, 'doctor', ...args], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      DATABASE_URL: db.url,
      TROUSSEAU_SECRET: SECRET,
      ...env,
    },
    encoding: 'utf8',
  });
  return { code: status, out: stdout };
}

test('a hub in order has nothing but ticks', () => {
  const { code, out } = doctor();
  expect(code).toBe(0);
  expect(
    out
      .trim()
      .split('\n')
      .every((line) => line.startsWith('✓ ')),
  ).toBe(true);
  expect(out).toMatch(/opens 2 sealed values/);
  expect(JSON.parse(doctor({}, '--json').out)).toMatchObject({ healthy: true });
});

test('settings that mean nothing are faults, all of them', () => {
  const { code, out } = doctor({ TROUSSEAU_URL: 'nowhere', LOG_LEVEL: 'loud' });
  expect(code).toBe(1);
  expect(out).toMatch(/^✗ .*TROUSSEAU_URL/m);
  expect(out).toMatch(/^✗ .*LOG_LEVEL/m);
});

test('http on a public name, and a proxy that is not trusted, are warnings', () => {
  const { code, out } = doctor({ TROUSSEAU_URL: 'http://login.lieu.example' });
  expect(code).toBe(0);
  expect(out).toMatch(/^! TROUSSEAU_URL is http on a public name/m);
  expect(out).toMatch(/^! TROUSSEAU_TRUSTED_PROXIES/m);
});

test('a database that does not answer is a fault, and what needs none is still checked', () => {
  const { code, out } = doctor({ DATABASE_URL: 'postgres://postgres@127.0.0.1:1/nowhere' });
  expect(code).toBe(1);
  expect(out).toMatch(/^✗ the database: cannot reach the database at 127\.0\.0\.1:1/m);
  expect(out).toMatch(/^✓ the configuration/m);
});

test('a sealing key that does not open what is sealed is a fault for each value', () => {
  const { code, out } = doctor({ TROUSSEAU_SECRET: 'another-key-another-key-another-key' });
  expect(code).toBe(1);
  expect(out.match(/^✗ the signing key \S+ of lamyne does not open/gm)).toHaveLength(2);
  expect(out).not.toContain(SECRET);
  expect(doctor({ TROUSSEAU_SECRET: `another-key-another-key-another-key,${SECRET}` }).code).toBe(
    0,
  );
});

test('a community without a key that signs, and a host that no DNS knows, are faults', async () => {
  await db.database.query(`DELETE FROM signing_keys WHERE alg = 'ES256'`);
  await db.database.query(`INSERT INTO community_hosts VALUES ($1, 'login..lieu.example')`, [
    community,
  ]);
  await db.database.query(`INSERT INTO community_hosts VALUES ($1, 'login.lieu.example')`, [
    community,
  ]);
  const { code, out } = doctor();
  expect(code).toBe(1);
  expect(out).toMatch(/^✗ lamyne has no ES256 key that signs/m);
  expect(out).toMatch(/^✗ the host login\.\.lieu\.example of lamyne/m);
  expect(out.match(/^✗/gm)).toHaveLength(2);
});

test('messages given up, and messages that nobody takes, are warnings', async () => {
  await db.database.query(
    `INSERT INTO outbox (community_id, kind, payload, failed_at, last_error, next_attempt_at) VALUES
       ($1, 'backchannel-logout', '{}', now(), 'the app answered 500', now()),
       ($1, 'backchannel-logout', '{}', NULL, NULL, now() - interval '1 hour')`,
    [community],
  );
  const { code, out } = doctor();
  expect(code).toBe(0);
  expect(out).toMatch(/^! 1 message could not be delivered; the last: the app answered 500/m);
  expect(out).toMatch(/^! 1 message should have left/m);
});

test('a sign-out that an app did not take is told with the app’s name, until it takes a later one', async () => {
  const insert = (state: string) =>
    db.database.query(
      `INSERT INTO outbox (community_id, kind, payload, ${state}, last_error)
       VALUES ($1, 'backchannel-logout', '{"clientId": "cloud"}', clock_timestamp(), 'the client answered 400 (stale token)')`,
      [community],
    );
  await db.database.query('DELETE FROM outbox');
  await insert('failed_at');
  expect(doctor().out).toMatch(
    /^! 1 message could not be delivered; the last: cloud: the client answered 400 \(stale token\)/m,
  );
  await insert('done_at');
  expect(doctor().out).toMatch(/^✓ the outbox is in order/m);
});

test('a mail server that is not there is a fault, none at all a warning on a public name', () => {
  const gone = doctor({ SMTP_URL: 'smtp://hub:sesame@127.0.0.1:1' });
  expect(gone.code).toBe(1);
  expect(gone.out).toMatch(/^✗ SMTP_URL: .*127\.0\.0\.1:1/m);
  expect(gone.out).not.toContain('sesame');
  const none = doctor({ TROUSSEAU_URL: 'https://login.lieu.example' });
  expect(none.code).toBe(0);
  expect(none.out).toMatch(/^! no mail server/m);
});

test('a mail server that takes messages is a tick', async () => {
  const smtp = await startSmtp();
  const env = {
    ...process.env,
    DATABASE_URL: db.url,
    TROUSSEAU_SECRET: SECRET,
    SMTP_URL: smtp.url,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'doctor'], { env });
  expect(stdout).toMatch(/^✓ the mail server 127\.0\.0\.1:\d+ takes messages/m);
  await smtp.stop();
});
