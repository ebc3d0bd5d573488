import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, onTestFinished } from 'vitest';
import { openHubDatabase } from '../../src/platform/database/open-hub-database.ts';
import { scratchFolder } from './scratch-folder.ts';

export const silentLog = { info: () => {}, warn: () => {} };

/**
 * An empty folder, removed after the test with whatever still runs on it.
 * @param mode 0700 is a folder that PostgreSQL cannot enter when root runs the tests
 */
export async function temporaryFolder(mode = 0o755): Promise<string> {
  const folder = await emptyFolder(mode);
  onTestFinished(async () => {
    for (const pid of await processesIn(folder)) process.kill(pid, 'SIGKILL');
    await waitUntil(async () => (await processesIn(folder)).length === 0);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function emptyFolder(mode: number): Promise<string> {
  const folder = await realpath(await mkdtemp(join(await scratchFolder(), 'trousseau-test-')));
  await chmod(folder, mode);
  return folder;
}

/**
 * For a file's tests: makes data folders with a database that was made and closed in order, each removed after its
 * test as `temporaryFolder` is. They are copies: making one takes most of the time of a test that is about something
 * else.
 */
export function useFolderWithDatabase(): () => Promise<string> {
  let original: Promise<string> | undefined;
  afterAll(async () => {
    if (original !== undefined) await rm(await original, { recursive: true, force: true });
  });
  return async () => {
    original ??= makeOriginal();
    const folder = await temporaryFolder();
    // With owners and modes: when root runs the tests, the database is another user's.
    await promisify(execFile)('cp', ['-a', `${await original}/.`, folder]);
    return folder;
  };
}

async function makeOriginal(): Promise<string> {
  const folder = await emptyFolder(0o755);
  const settings = { dataFolder: folder, databaseUrl: undefined };
  const { close } = await openHubDatabase(settings, { purpose: 'hub', log: silentLog });
  await close();
  return folder;
}

/** The processes that work in the folder (all of a PostgreSQL do) or name it in their arguments (Linux). */
export async function processesIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!(pid > 0) || pid === process.pid) continue;
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (place.startsWith(folder) || command.includes(folder)) found.push(pid);
  }
  return found;
}

/** Process id of the PostgreSQL that serves the data folder. */
export async function postmasterPid(cluster: string): Promise<number> {
  return Number.parseInt(await readFile(join(cluster, 'postmaster.pid'), 'utf8'), 10);
}

/** Looks again until it holds; the test's own time limit ends it. */
export async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}

/** The ids in the table that `hold-database.ts` fills, read by a hub that is started for it. */
export async function keptRows(dataFolder: string): Promise<number[]> {
  const { database, close } = await openHubDatabase(
    { dataFolder, databaseUrl: undefined },
    { purpose: 'hub', log: silentLog },
  );
  try {
    const rows = await database.query<{ id: string }>('SELECT id FROM kept');
    return rows.map((row) => Number(row.id));
  } finally {
    await close();
  }
}
