import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger, start } from '../src/main.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { migrate } from '../src/platform/database/migrations.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/free-port.ts';
import { runTrousseau } from './support/run-trousseau.ts';

let db: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  db = await cloneDatabase();
  const port = await freePort();
  env = {
    TROUSSEAU_LISTEN: `127.0.0.1:${port}`,
    TROUSSEAU_LDAP_LISTEN: 'off',
    TROUSSEAU_SECRET: 'a-sealing-key-of-more-than-32-characters',
    DATABASE_URL: db.url,
    LOG_LEVEL: 'silent',
  };
});
afterAll(() => db.drop());

/** Everything that opens the database says so in one line, and leaves it as it is. */
async function expectRefusedEverywhere(reason: RegExp): Promise<void> {
  const state = () =>
    db.database.query(
      `SELECT (SELECT jsonb_agg(name ORDER BY id) FROM schema_migrations) AS ran,
         (SELECT jsonb_agg(to_jsonb(s) ORDER BY key) FROM hub_settings s) AS settings`,
    );
  const before = await state();
  const config = parseConfig(env);
  const started = start(config, createLogger(config), { announceSetup: false });
  await expect(started).rejects.toThrow(reason);
  for (const line of [
    'start',
    'migrate',
    'migrate --down --yes',
    'community list',
    'member list x',
  ]) {
    const { code, err } = await runTrousseau(line.split(' '), env);
    expect([line, code]).toEqual([line, 1]);
    expect(err).toMatch(/^trousseau: [^\n]+\n$/);
    expect(err).toMatch(reason);
  }
  const doctor = await runTrousseau(['doctor'], env);
  expect(doctor.code).toBe(1);
  expect(doctor.out.split('\n').find((line) => reason.test(line))).toMatch(/^✗ /);
  expect(await state()).toEqual(before);
}

test('the schema of a newer program is refused, with the names of what is not known and where to read on', async () => {
  await db.database.query(
    `INSERT INTO schema_migrations (timestamp, name)
     VALUES (9998, 'wonders0000000009998'), (9999, 'marvels0000000009999')`,
  );
  await expectRefusedEverywhere(
    /schema of a newer Trousseau: 9998-wonders, 9999-marvels unknown.*docs\/operate\.md/,
  );
  await db.database.query('DELETE FROM schema_migrations WHERE timestamp > 9000');
}, 120_000);

test('a schema that other migrations made is refused, with the name of the one that changed', async () => {
  await db.database.query(
    `UPDATE hub_settings SET value = jsonb_set(value, '{spine0000000000001}', '"another"')
     WHERE key = 'migration-checksums'`,
  );
  await expectRefusedEverywhere(/made by other migrations than these: 0001-spine changed/);
  await db.database.query(`DELETE FROM hub_settings WHERE key = 'migration-checksums'`);
}, 120_000);

test('a database from before such notes were kept gets them', async () => {
  expect(await migrate(db.database)).toEqual([]);
  const [row] = await db.database.query<{ value: Record<string, string> }>(
    `SELECT value FROM hub_settings WHERE key = 'migration-checksums'`,
  );
  const known = (await db.database.query('SELECT name FROM schema_migrations')).map(
    ({ name }) => name,
  );
  expect(Object.keys(row?.value ?? {}).sort()).toEqual(known.sort());
});
