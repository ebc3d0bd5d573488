import { spawn } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type DatabaseHolder, holdDatabase } from '../support/database-holder.ts';
import {
  keptRows,
  postmasterPid,
  processesIn,
  temporaryFolder,
  useFolderWithDatabase,
  waitUntil,
} from '../support/embedded-folder.ts';

const folderWithDatabase = useFolderWithDatabase();

async function runHub(folder: string, rows = 20): Promise<DatabaseHolder> {
  const hub = holdDatabase(folder, 'hub');
  const from = hub.messages.length;
  await hub.waitFor((message) => message.open === true, from);
  await waitUntil(async () => hub.acknowledged().length >= rows);
  return hub;
}

const clusterOf = (folder: string) => join(folder, 'embedded/cluster');

/** The backends and helpers: children of the postmaster. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** The backend that serves a client of the hub's role. */
async function backendOf(postmaster: number): Promise<number> {
  for (const pid of await childrenOf(postmaster)) {
    const title = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    if (title.includes('trousseau trousseau')) return pid;
  }
  throw new Error('no backend serves the hub');
}

async function kill(hub: DatabaseHolder): Promise<void> {
  hub.child.kill('SIGKILL');
  await hub.ended;
}

test('after a kill -9 of the hub the next one serves from the orphan, without a lost row', async () => {
  const folder = await folderWithDatabase();
  const first = await runHub(folder);
  const orphan = await postmasterPid(clusterOf(folder));
  await kill(first);
  expect(await processesIn(folder)).toContain(orphan);

  const second = await runHub(folder);
  expect(await postmasterPid(clusterOf(folder))).toBe(orphan);
  await second.close();
  expect(await processesIn(folder)).toEqual([]);
  expect(await keptRows(folder)).toEqual(
    expect.arrayContaining([...first.acknowledged(), ...second.acknowledged()]),
  );
});

test('a hub looks after an orphan that it adopted: killed, it is back within seconds', async () => {
  const folder = await folderWithDatabase();
  await kill(await runHub(folder));
  const second = await runHub(folder);
  const from = second.messages.length;
  process.kill(await postmasterPid(clusterOf(folder)), 'SIGKILL');
  await second.waitFor((message) => message.failed !== undefined, from);
  await second.waitFor((message) => message.acknowledged !== undefined);
  await second.close();
  expect(await processesIn(folder)).toEqual([]);
});

test('after a kill -9 of PostgreSQL the same hub serves again, without a restart or a lost row', async () => {
  const folder = await folderWithDatabase();
  const hub = await runHub(folder);
  const from = hub.messages.length;
  process.kill(await postmasterPid(clusterOf(folder)), 'SIGKILL');
  await hub.waitFor((message) => message.failed !== undefined, from);
  await hub.waitFor((message) => message.acknowledged !== undefined);
  await hub.close();
  expect(hub.messages.some((message) => /starting it again/.test(message.warning ?? ''))).toBe(
    true,
  );
  expect(await keptRows(folder)).toEqual(expect.arrayContaining(hub.acknowledged()));
});

test('PostgreSQL killed again and again is started again each time, by the same hub', async () => {
  const folder = await folderWithDatabase();
  const hub = await runHub(folder);
  for (let time = 0; time < 3; time++) {
    const from = hub.messages.length;
    const pid = await postmasterPid(clusterOf(folder));
    process.kill(pid, 'SIGKILL');
    await hub.waitFor((message) => message.failed !== undefined, from);
    await hub.waitFor((message) => message.acknowledged !== undefined);
  }
  await hub.close();
  expect(await keptRows(folder)).toEqual(expect.arrayContaining(hub.acknowledged()));
  expect(await processesIn(folder)).toEqual([]);
});

test('after a kill -9 of one backend the hub recovers by itself, without a lost row', async () => {
  const folder = await folderWithDatabase();
  const hub = await runHub(folder);
  const from = hub.messages.length;
  const postmaster = await postmasterPid(clusterOf(folder));
  process.kill(await backendOf(postmaster), 'SIGKILL');
  await hub.waitFor((message) => message.failed !== undefined, from);
  await hub.waitFor((message) => message.acknowledged !== undefined);
  expect(await postmasterPid(clusterOf(folder))).toBe(postmaster);
  await hub.close();
  expect(await keptRows(folder)).toEqual(expect.arrayContaining(hub.acknowledged()));
});

test('after a kill -9 of the hub and PostgreSQL at once the next start works, without a lost row', async () => {
  const folder = await folderWithDatabase();
  const first = await runHub(folder);
  const postmaster = await postmasterPid(clusterOf(folder));
  process.kill(postmaster, 'SIGKILL');
  await kill(first);

  const second = await runHub(folder);
  await second.close();
  expect(await keptRows(folder)).toEqual(
    expect.arrayContaining([...first.acknowledged(), ...second.acknowledged()]),
  );
  expect(await processesIn(folder)).toEqual([]);
});

test('a dead PostgreSQL whose process id a stranger has by now does not keep the hub from starting', async () => {
  const folder = await folderWithDatabase();
  const first = await runHub(folder);
  const file = join(clusterOf(folder), 'postmaster.pid');
  const postmaster = await postmasterPid(clusterOf(folder));
  process.kill(postmaster, 'SIGKILL');
  await kill(first);
  await waitUntil(async () => (await processesIn(folder)).length === 0);

  // The stranger is of PostgreSQL's own user: others' processes PostgreSQL ignores by itself.
  const text = await readFile(file, 'utf8');
  const { uid, gid } = await stat(file);
  const stranger = spawn('sleep', ['600'], { uid, gid, cwd: '/' });
  onTestFinished(() => void stranger.kill());
  await writeFile(file, text.replace(/^\d+/, String(stranger.pid)));
  const socketLock = join(folder, 'embedded/run/.s.PGSQL.5432.lock');
  const lock = await readFile(socketLock, 'utf8');
  await writeFile(socketLock, lock.replace(/^\d+/, String(stranger.pid)));

  const second = await runHub(folder);
  await second.close();
});

test('a hub killed while it makes its first database leaves nothing in the way of the next', async () => {
  const folder = await temporaryFolder();
  const first = holdDatabase(folder, 'hub');
  await waitUntil(async () =>
    (await processesIn(folder)).some((pid) => pid !== first.pid && pid !== process.pid),
  );
  await kill(first);
  const second = await runHub(folder);
  await second.close();
  await waitUntil(async () => (await processesIn(folder)).length === 0);
  const left = (await readdir(join(folder, 'embedded'))).filter((name) => name.includes('.new'));
  expect(left).toEqual([]);
});

test.each(['hub', 'command'] as const)(
  'Ctrl-C on the terminal of a %s stops PostgreSQL in order and leaves no process',
  async (purpose) => {
    const folder = await folderWithDatabase();
    const holder = holdDatabase(folder, purpose);
    await holder.waitFor((message) => message.acknowledged !== undefined, 0);
    // A terminal signals the whole foreground group.
    process.kill(-holder.pid, 'SIGINT');
    expect(await holder.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(await processesIn(folder)).toEqual([]);
    expect(await readFile(join(folder, 'embedded/postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
    expect(await keptRows(folder)).toEqual(expect.arrayContaining(holder.acknowledged()));
  },
);

test('Ctrl-C while the hub starts leaves no process', async () => {
  const folder = await folderWithDatabase();
  await (await runHub(folder)).close();
  const hub = holdDatabase(folder, 'hub');
  await waitUntil(async () => (await processesIn(clusterOf(folder))).length > 0);
  process.kill(-hub.pid, 'SIGINT');
  await hub.ended;
  await waitUntil(async () => (await processesIn(folder)).length === 0);
});

test('a hub that ends without closing stops PostgreSQL on its way out', async () => {
  const folder = await folderWithDatabase();
  const hub = await runHub(folder);
  hub.child.stdin?.end('exit\n');
  expect(await hub.ended).toEqual({ code: 3, signal: null });
  await waitUntil(async () => (await processesIn(folder)).length === 0);
});
