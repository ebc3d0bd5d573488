import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { boundLog } from '../src/platform/database/embedded/server-log.ts';
import { type HubDatabase, openHubDatabase } from '../src/platform/database/open-hub-database.ts';
import { holdDatabase } from './support/database-holder.ts';
import {
  processesIn,
  silentLog,
  temporaryFolder,
  useFolderWithDatabase,
} from './support/embedded-folder.ts';

const folderWithDatabase = useFolderWithDatabase();

async function open(dataFolder: string, purpose: 'hub' | 'command' = 'hub'): Promise<HubDatabase> {
  const opened = await openHubDatabase(
    { dataFolder, databaseUrl: undefined },
    { purpose, log: silentLog },
  );
  onTestFinished(() => opened.close());
  return opened;
}

test('the first start makes a durable UTF-8 database that only its role and this user can reach', async () => {
  const folder = await temporaryFolder();
  const { database, ownsDatabase } = await open(join(folder, 'data'));

  const [settings] = await database.query(
    `SELECT current_database() AS database, pg_encoding_to_char(encoding) AS encoding, datlocale AS locale,
            current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
            current_setting('listen_addresses') AS tcp, rolsuper AS superuser
     FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = current_user`,
  );
  expect(settings).toEqual({
    database: 'trousseau',
    encoding: 'UTF8',
    locale: 'C.UTF-8',
    fsync: 'on',
    commit: 'on',
    tcp: '',
    superuser: false,
  });
  expect(ownsDatabase).toBe(true);
  await database.query('CREATE TABLE belongs_to_the_hub ()');
  for (const name of ['cluster', 'run']) {
    expect((await stat(join(folder, 'data/embedded', name))).mode & 0o777).toBe(0o700);
  }
  for (const name of [
    'password',
    'hub-password',
    'postgres.log',
    'gate.lock',
    'users.lock',
    'hub.lock',
  ]) {
    expect((await stat(join(folder, 'data/embedded', name))).mode & 0o777).toBe(0o600);
  }
  expect((await stat(join(folder, 'data'))).mode & 0o007).toBe(0);
});

describe('the hub’s role', () => {
  /** Whether a role gets in with the password of a file. */
  async function getsIn(folder: string, role: string, file: string): Promise<boolean> {
    const password = (await readFile(join(folder, 'embedded', file), 'utf8')).trim();
    const client = new pg.Client({
      host: join(folder, 'embedded/run'),
      user: role,
      password,
      database: 'postgres',
    });
    return client.connect().then(
      () => client.end().then(() => true),
      (error) => {
        expect(error.code).toBe('28P01');
        return false;
      },
    );
  }
  const doors = async (folder: string) => ({
    hub: await getsIn(folder, 'trousseau', 'hub-password'),
    superuser: await getsIn(folder, 'postgres', 'password'),
    crossed: [
      await getsIn(folder, 'trousseau', 'password'),
      await getsIn(folder, 'postgres', 'hub-password'),
    ],
  });
  const APART = { hub: true, superuser: true, crossed: [false, false] };

  /** Makes of a database that runs what older versions left: one password, and maybe a role that may do more. */
  async function makeOlder(folder: string): Promise<void> {
    const password = (await readFile(join(folder, 'embedded/password'), 'utf8')).trim();
    const admin = new pg.Client({
      host: join(folder, 'embedded/run'),
      user: 'postgres',
      password,
      database: 'postgres',
    });
    await admin.connect();
    await admin.query(`ALTER ROLE trousseau PASSWORD ${pg.escapeLiteral(password)} SUPERUSER`);
    await admin.end();
    await rm(join(folder, 'embedded/hub-password'));
  }

  test('and the superuser have a secret each', async () => {
    const folder = await folderWithDatabase();
    await open(folder);
    expect(await doors(folder)).toEqual(APART);
  });

  test('of an older data folder gets its own, loses what it may not do, and finds its rows', async () => {
    const folder = await folderWithDatabase();
    const before = await open(folder);
    await makeOlder(folder);
    await before.close();
    const { database, close } = await open(folder);
    expect(await doors(folder)).toEqual(APART);
    expect(
      await database.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user'),
    ).toEqual([{ rolsuper: false }]);
    await close();
    const again = await open(folder);
    expect(await again.database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('keeps its password while a hub of an older version goes by it', async () => {
    const folder = await folderWithDatabase();
    const hub = holdDatabase(folder, 'hub');
    await hub.waitFor((message) => message.open === true, 0);
    await makeOlder(folder);
    const command = await open(folder, 'command');
    expect(await command.database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await getsIn(folder, 'trousseau', 'password')).toBe(true);
    expect(await readdir(join(folder, 'embedded'))).not.toContain('hub-password');
    await command.close();
    await hub.close();
  });
});

test('closing leaves no process, and a warm start within half a second finds the rows', async () => {
  const folder = await folderWithDatabase();
  const first = await open(folder);
  await first.database.query('CREATE TABLE words (word text)');
  await first.database.query(`INSERT INTO words VALUES ('été')`);
  await first.close();
  expect(await processesIn(folder)).toEqual([]);

  // The quickest of three: other tests have the processor, too.
  const took: number[] = [];
  for (let time = 0; time < 3; time += 1) {
    const start = performance.now();
    const next = await open(folder);
    took.push(performance.now() - start);
    expect(await next.database.query('SELECT word FROM words')).toEqual([{ word: 'été' }]);
    await next.close();
  }
  expect(Math.min(...took)).toBeLessThan(500);
});

test('a data folder whose path is too long for a socket still gets a private one', async () => {
  const folder = join(await temporaryFolder(), 'long-'.repeat(20));
  const { database, close } = await open(folder);
  await database.query('SELECT 1');
  const place = (await readFile(join(folder, 'embedded/socket-folder'), 'utf8')).trim();
  expect(place.length).toBeLessThan(60);
  expect((await stat(place)).mode & 0o777).toBe(0o700);
  await close();
  await expect(stat(place)).rejects.toThrow('ENOENT');
});

test('a second hub on one data folder is refused in one line that names the folder and the other', async () => {
  const folder = await folderWithDatabase();
  const first = holdDatabase(folder, 'hub');
  await first.waitFor((message) => message.open === true, 0);

  const second = holdDatabase(folder, 'hub');
  const refusal = await second.waitFor((message) => message.refused !== undefined, 0);
  expect(refusal.name).toBe('DataFolderInUseError');
  expect(refusal.refused).not.toContain('\n');
  expect(refusal.refused).toContain(folder);
  expect(refusal.refused).toContain(`process ${first.pid}`);
  await first.waitFor((message) => message.acknowledged !== undefined);
  await first.close();
});

test('of many hubs started at once on one new data folder, one serves and the others are refused', async () => {
  const folder = await temporaryFolder();
  const hubs = [1, 2, 3, 4].map(() => holdDatabase(folder, 'hub'));
  const answers = await Promise.all(
    hubs.map((hub) => hub.waitFor((message) => (message.open ?? message.refused) !== undefined, 0)),
  );
  const serving = hubs.filter((_, index) => answers[index]?.open === true);
  expect(serving).toHaveLength(1);
  expect(answers.filter((answer) => answer.name === 'DataFolderInUseError')).toHaveLength(3);
  await serving[0]?.close();
  expect(await processesIn(folder)).toEqual([]);
});

test('a command beside a hub uses its database and leaves it running', async () => {
  const folder = await folderWithDatabase();
  const hub = holdDatabase(folder, 'hub');
  await hub.waitFor((message) => message.open === true, 0);

  const command = await open(folder, 'command');
  expect(command.ownsDatabase).toBe(false);
  expect(await command.database.query('SELECT count(*) > 0 AS some FROM kept')).toHaveLength(1);
  await command.close();

  await hub.waitFor((message) => message.acknowledged !== undefined);
  await hub.close();
  expect(await processesIn(folder)).toEqual([]);
  expect(hub.messages.filter((message) => message.failed !== undefined)).toEqual([]);
});

test('a command that outlives the hub is not cut off, and then stops PostgreSQL itself', async () => {
  const folder = await folderWithDatabase();
  const hub = holdDatabase(folder, 'hub');
  await hub.waitFor((message) => message.open === true, 0);
  const command = holdDatabase(folder, 'command');
  await command.waitFor((message) => message.open === true, 0);

  await hub.close();
  await command.waitFor((message) => message.acknowledged !== undefined);
  await command.close();
  expect(command.messages.filter((message) => message.failed !== undefined)).toEqual([]);
  expect(await processesIn(folder)).toEqual([]);
});

test('two commands at once without a hub both work, and the last one stops PostgreSQL', async () => {
  const folder = await folderWithDatabase();
  const commands = [holdDatabase(folder, 'command'), holdDatabase(folder, 'command')];
  const opened = await Promise.all(
    commands.map((command) => command.waitFor((message) => message.open === true, 0)),
  );
  expect(opened.map((message) => message.ownsDatabase).sort()).toEqual([false, true]);

  const [first, second] = commands as [(typeof commands)[0], (typeof commands)[0]];
  await first.close();
  await second.waitFor((message) => message.acknowledged !== undefined);
  await second.close();
  expect(commands.flatMap((command) => command.messages.filter((m) => m.failed))).toEqual([]);
  expect(await processesIn(folder)).toEqual([]);
});

test('a PostgreSQL that cannot start says why, where its log is, and leaves nothing running', async () => {
  const folder = await folderWithDatabase();
  const settings = join(folder, 'embedded/cluster/postgresql.conf');
  const text = await readFile(settings, 'utf8');
  await writeFile(settings, `${text}\nno_such_setting = 1\n`);

  const refusal = expect(open(folder)).rejects;
  await refusal.toThrow(
    /did not start: .*configuration file.*contains errors.*embedded\/postgres\.log/,
  );
  expect(await processesIn(folder)).toEqual([]);
  await writeFile(settings, text);
  await open(folder);
});

test('a database of another major version is refused before PostgreSQL touches it', async () => {
  const folder = await folderWithDatabase();
  await writeFile(join(folder, 'embedded/cluster/PG_VERSION'), '17\n');
  await expect(open(folder)).rejects.toThrow(/is PostgreSQL 17's and this Trousseau brings/);
});

test('what a killed first start left behind is made anew', async () => {
  const folder = await temporaryFolder();
  await (await open(folder)).close();
  await rename(join(folder, 'embedded/cluster'), join(folder, 'embedded/cluster.new-1'));

  const { database } = await open(folder);
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await readdir(join(folder, 'embedded'))).not.toContain('cluster.new-1');
});

test('the log of PostgreSQL holds no data of members', async () => {
  const folder = await folderWithDatabase();
  const { database } = await open(folder);
  await database.query('CREATE TABLE person (email text PRIMARY KEY)');
  await database.query('INSERT INTO person VALUES ($1)', ['alice@lamyne.example']);
  const again = database.query('INSERT INTO person VALUES ($1)', ['alice@lamyne.example']);
  await expect(again).rejects.toThrow('duplicate key');
  await expect(database.query(`SELECT 'alice'::int`)).rejects.toThrow();

  const log = await readFile(join(folder, 'embedded/postgres.log'), 'utf8');
  expect(log).toContain('duplicate key');
  expect(log).not.toContain('lamyne.example');
});

test('the log of PostgreSQL is kept from growing while it is being written', async () => {
  const folder = await folderWithDatabase();
  const { database } = await open(folder);
  const log = join(folder, 'embedded/postgres.log');
  const before = await readFile(log, 'utf8');
  await boundLog(log, 10);
  expect(await readFile(`${log}.1`, 'utf8')).toBe(before);

  await expect(database.query('SELECT no_such_column')).rejects.toThrow();
  const after = await readFile(log, 'utf8');
  expect(after).toMatch(/^\d{4}-.*column "no_such_column" does not exist.*\n$/);
});

test('a command that closes its connections and the database under them has nothing to say of it', async () => {
  const folder = await folderWithDatabase();
  const said: string[] = [];
  const log = { info: () => {}, warn: (message: string) => said.push(message) };
  for (let round = 0; round < 5; round += 1) {
    const opened = await openHubDatabase(
      { dataFolder: folder, databaseUrl: undefined },
      { purpose: 'command', log },
    );
    await Promise.all(Array.from({ length: 10 }, () => opened.database.query('SELECT 1')));
    await opened.close();
  }
  expect(said).toEqual([]);
});
