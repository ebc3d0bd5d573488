import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderInUseError, EmbeddedPostgresError } from './errors.ts';
import { type FileLock, tryLock, waitForLock } from './file-lock.ts';
import { readText, writePrivateFile } from './private-file.ts';

// Three locks in `DATA/embedded` keep processes out of each other's way. Each vanishes with its process.

/** A first start on a slow disk, or the shutdown of a busy database, in milliseconds. */
const GATE_TIMEOUT = 90_000;

/** `gate.lock`: held around every start, join, leave and stop of PostgreSQL, and no longer. */
export function lockGate(folder: string): Promise<FileLock> {
  return waitForLock(
    join(folder, 'gate.lock'),
    'exclusive',
    GATE_TIMEOUT,
    () =>
      new EmbeddedPostgresError(
        `Another process has been starting or stopping the database of ${folder} for ` +
          `${GATE_TIMEOUT / 1000} s; its log says why.`,
      ),
  );
}

/**
 * `users.lock`: shared by all who use PostgreSQL, while they do. Call it under the gate.
 * @returns `alone` when nobody else did
 */
export async function joinUsers(folder: string): Promise<{ lock: FileLock; alone: boolean }> {
  const path = join(folder, 'users.lock');
  const everyone = tryLock(path, 'exclusive');
  everyone?.release();
  const lock = await waitForLock(
    path,
    'shared',
    GATE_TIMEOUT,
    () => new EmbeddedPostgresError(`${path} is held by another process.`),
  );
  return { lock, alone: everyone !== undefined };
}

/** The lock that only the last user gets: having it, PostgreSQL can be stopped. */
export function lockOutUsers(folder: string): FileLock | undefined {
  return tryLock(join(folder, 'users.lock'), 'exclusive');
}

/**
 * `hub.lock`: one hub a data folder. `hub.pid` is only for the message of the refused one.
 * @throws DataFolderInUseError
 */
export async function lockHub(folder: string, dataFolder: string): Promise<FileLock> {
  const lock = tryLock(join(folder, 'hub.lock'), 'exclusive');
  const record = join(folder, 'hub.pid');
  if (lock === undefined) throw new DataFolderInUseError(dataFolder, await readHolder(record));
  await writePrivateFile(record, String(process.pid));
  return lock;
}

/** The holder writes its id right after it has the lock: it is given that moment. */
async function readHolder(record: string): Promise<number | undefined> {
  for (let attempt = 0; attempt < 25; attempt++) {
    const pid = Number((await readText(record)) ?? Number.NaN);
    if (pid > 0 && isAlive(pid)) return pid;
    await sleep(20);
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
