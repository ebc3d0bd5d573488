import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

export type FileLock = { release(): void };

const SQLITE_BUSY = 5;

/**
 * Locks a file for this process, or returns undefined when others hold it in a way that excludes us.
 * The operating system drops the lock at the instant the process dies, however it dies, so there is no
 * stale lock and no guessing from process ids. SQLite's lock is used because Node has no `flock` of
 * its own: the file stays empty, and SQLite also settles two holders within one process.
 */
export function tryLock(path: string, mode: 'exclusive' | 'shared'): FileLock | undefined {
  makePrivateFile(path);
  const file = new DatabaseSync(path);
  try {
    file.exec(mode === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT 1 FROM sqlite_schema');
  } catch (error) {
    file.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY) return undefined;
    throw error;
  }
  return {
    release() {
      if (file.isOpen) file.close();
    },
  };
}

/**
 * Waits until the lock is ours; `expire` is called, to throw what fits, after `timeout` milliseconds.
 */
export async function waitForLock(
  path: string,
  mode: 'exclusive' | 'shared',
  timeout: number,
  expire: () => Error,
): Promise<FileLock> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const lock = tryLock(path, mode);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) throw expire();
    await sleep(20);
  }
}

/** Others on the machine must not even be able to read-lock it: that would keep us out. */
function makePrivateFile(path: string): void {
  // Never opened when it is there already: closing any descriptor of a file drops the whole process's
  // locks on it (POSIX, fcntl).
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
