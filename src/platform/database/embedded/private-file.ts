import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readFile, rename } from 'node:fs/promises';
import { EmbeddedPostgresError } from './errors.ts';
import type { RunAs } from './run-as.ts';

/** The text of a file without the space around it; undefined when there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file of mode 0600 that is there whole or not at all, and on the disk when this returns. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/**
 * Makes a folder that only `runAs` can enter, or checks that the one there is so. Safe in a folder that
 * everyone can write: a link, or a folder of somebody else's, is refused.
 */
export async function makePrivateFolder(path: string, runAs: RunAs): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    if (runAs !== undefined) await chown(path, runAs.uid, runAs.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await lstat(path);
  const ours = found.uid === (runAs?.uid ?? process.geteuid?.() ?? found.uid);
  // A kill between mkdir and chown leaves a folder of root's: then root may give it away now.
  const unfinished = runAs !== undefined && found.uid === 0;
  if (!found.isDirectory() || !(ours || unfinished)) {
    throw new EmbeddedPostgresError(
      `${path} is not a folder of Trousseau's own; remove it and start again.`,
    );
  }
  if (unfinished) await chown(path, runAs.uid, runAs.gid);
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
}

/** Puts a folder's own entries (a rename in it) on the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
