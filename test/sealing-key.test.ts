import { chmod, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { noteStep } from '../src/domain/done-steps/done-step.ts';
import { SEALED_COLUMNS } from '../src/domain/sealed-values/sealed-values.ts';
import { surveySealed } from '../src/domain/sealed-values/survey-sealed.ts';
import { ensureKeys } from '../src/domain/signing-keys/ensure-keys.ts';
import { createLogger, type RunningHub, start } from '../src/main.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { readKeyChecks } from '../src/platform/secrets/key-checks.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { temporaryFolder } from './support/embedded-folder.ts';
import { freePort } from './support/free-port.ts';
import { runTrousseau } from './support/run-trousseau.ts';

const [OLD, NEW, OTHER] = ['old', 'new', 'other'].map((name) => `${name}-key-`.repeat(8)) as [
  string,
  string,
  string,
];

let db: TestDatabase;
let community: string;

beforeEach(async () => {
  db = await cloneDatabase();
  community = await factories(db.database).buildCommunity('lamyne');
});
afterEach(() => db.drop());

const settings = (env: Record<string, string>) => ({
  TROUSSEAU_LDAP_LISTEN: 'off',
  TROUSSEAU_ROLES: 'web',
  LOG_LEVEL: 'silent',
  ...env,
});
const withKeys = (...keys: string[]) => ({
  DATABASE_URL: db.url,
  TROUSSEAU_SECRET: keys.join(','),
});

/** A hub that ends with the test, unless it was stopped before. */
async function startWith(env: Record<string, string>): Promise<RunningHub> {
  const port = await freePort();
  const own = { TROUSSEAU_URL: `http://localhost:${port}`, TROUSSEAU_LISTEN: `127.0.0.1:${port}` };
  const config = parseConfig(settings({ ...own, ...env }));
  const hub = await start(config, createLogger(config), { announceSetup: false });
  onTestFinished(hub.stop);
  return hub;
}

async function startAndStop(env: Record<string, string>): Promise<void> {
  await (await startWith(env)).stop();
}

const seal = (key: string) => ensureKeys(db.database, createSealer([key]), community);
const checks = async () => Object.keys(await readKeyChecks(db.database));
const idOf = (key: string) => createSealer([key]).keyIds[0];
const readiness = async ({ url }: RunningHub) => {
  const answer = await fetch(`${url}/readyz`);
  return [answer.status, ((await answer.json()) as { status: string }).status];
};

describe('a hub on a database that was sealed with another key', () => {
  beforeEach(async () => {
    await startAndStop(withKeys(OLD));
    await seal(OLD);
  });

  test('does not start, names the variable, and leaves the database as it is', async () => {
    await expect(startWith(withKeys(OTHER))).rejects.toThrow(
      new RegExp(`^TROUSSEAU_SECRET holds no key .*${idOf(OLD)}`),
    );
    expect(await checks()).toEqual([idOf(OLD)]);
    await startAndStop(withKeys(OLD));
  });

  test('names the file where the key is in one', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'key');
    await startAndStop({ TROUSSEAU_DATA: folder });
    await rename(join(folder, 'secret'), file);
    const env = { DATABASE_URL: db.url, TROUSSEAU_SECRET_FILE: file };
    await expect(startWith(env)).rejects.toThrow(`TROUSSEAU_SECRET_FILE (${file}) holds no key`);
  });

  test('is told the same by the doctor, and by every command that would seal or open something', async () => {
    const env = settings(withKeys(OTHER));
    const doctor = await runTrousseau(['doctor'], env);
    expect(doctor.code).toBe(1);
    expect(
      doctor.out.match(/^✗ the signing key \S+ of lamyne does not open with TROUSSEAU_SECRET/gm),
    ).toHaveLength(2);
    await factories(db.database).buildService(community, { slug: 'wiki' });
    for (const line of [
      'keys rotate lamyne',
      'service rotate-secret lamyne wiki',
      'invitation create lamyne',
    ]) {
      const { code, err } = await runTrousseau(line.split(' '), env);
      expect([line, code]).toEqual([line, 1]);
      expect(err).toMatch(/^trousseau: TROUSSEAU_SECRET holds no key/);
    }
    // Who needs no key is not kept from working.
    expect((await runTrousseau(['member', 'list', 'lamyne'], env)).code).toBe(0);
  }, 120_000);
});

describe('keys are changed', () => {
  test('with the new one in front of the old, and the old one goes when nothing needs it', async () => {
    await startAndStop(withKeys(OLD));
    await seal(OLD);
    await startAndStop(withKeys(NEW, OLD));
    expect((await checks()).sort()).toEqual([idOf(OLD), idOf(NEW)].sort());

    await expect(startWith(withKeys(NEW))).rejects.toThrow(
      new RegExp(
        `lacks a key \\(${idOf(OLD)}\\) that 2 of 2 sealed values need, such as the signing key`,
      ),
    );
    await db.database.query('DELETE FROM signing_keys');
    await startAndStop(withKeys(NEW));
    expect(await checks()).toEqual([idOf(NEW)]);
  });

  test('and a process that was not told of the new one is not ready any more', async () => {
    const one = await startWith(withKeys(OLD));
    expect(await readiness(one)).toEqual([200, 'ready']);
    // Known everywhere first, it may seal then.
    const two = await startWith(withKeys(OLD, NEW));
    expect(await checks()).toEqual([idOf(OLD)]);
    await startAndStop(withKeys(NEW, OLD));
    await expect.poll(() => readiness(one)).toEqual([503, 'sealing key missing']);
    expect(await readiness(two)).toEqual([200, 'ready']);
  });

  test('never by two processes that bring different ones to a new database: one of them is refused', async () => {
    const started = await Promise.allSettled([
      startWith(withKeys(OLD)),
      startWith(withKeys(OTHER)),
    ]);
    const refused = started.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(String((refused[0] as PromiseRejectedResult).reason)).toContain('holds no key');
  });
});

describe('a database that an older hub sealed, without a check', () => {
  test('gets one when all that is sealed opens', async () => {
    await seal(OLD);
    await startAndStop(withKeys(OLD));
    expect(await checks()).toEqual([idOf(OLD)]);
  });

  test('is refused, and gets none, when something does not', async () => {
    await seal(OLD);
    await expect(startWith(withKeys(OTHER))).rejects.toThrow(/2 of 2 sealed values/);
    expect(await checks()).toEqual([]);
  });
});

test('everything that the database keeps sealed is looked at', async () => {
  const columns = await db.database.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name LIKE '%sealed%' AND data_type = 'bytea'`,
  );
  expect(columns.map(({ name }) => name).sort()).toEqual(
    SEALED_COLUMNS.map(({ column }) => column).sort(),
  );
});

test('what was done lately opens, in a community and on the operators’ console', async () => {
  await db.database.transaction(async (tx) => {
    for (const communityId of [community, null]) {
      const step = { communityId, browser: 'a browser', name: `a step ${communityId}` };
      await noteStep(createSealer([OLD]), tx, step, {});
    }
  });
  const survey = (key: string) =>
    db.database.transaction((tx) => surveySealed(tx, createSealer([key])));
  expect(await survey(OLD)).toEqual({ total: 2, lostCount: 0, lost: [] });
  expect((await survey(OTHER)).lost).toEqual([
    'a step done lately in lamyne',
    'a step done lately in the console',
  ]);
});

describe('a data folder', () => {
  test('that is new gets a key; one that lost its key gets none, and is served again when it is back', async () => {
    const folder = await temporaryFolder();
    const env = { TROUSSEAU_DATA: folder };
    const file = join(folder, 'secret');
    await startAndStop(env);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const key = await readFile(file, 'utf8');

    await rename(file, `${file}.away`);
    const lost = new RegExp(`the file of the sealing key, ${file}, is missing`);
    await expect(startWith(env)).rejects.toThrow(lost);
    const doctor = await runTrousseau(['doctor'], settings(env));
    expect(doctor.out).toMatch(lost);
    const create = ['community', 'create', 'lamyne', '--name', 'La MYNE'];
    expect((await runTrousseau(create, settings(env))).code).toBe(0);
    const rotate = await runTrousseau(['keys', 'rotate', 'lamyne'], settings(env));
    expect(rotate.err).toMatch(lost);
    await expect(stat(file)).rejects.toThrow('ENOENT');

    await rename(`${file}.away`, file);
    await chmod(file, 0o600);
    await startAndStop(env);
    expect(await readFile(file, 'utf8')).toBe(key);
  }, 120_000);
});
