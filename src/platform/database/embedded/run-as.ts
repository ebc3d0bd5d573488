import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './errors.ts';

const run = promisify(execFile);

/** The user that PostgreSQL runs as; undefined: as ourselves. */
export type RunAs = { uid: number; gid: number; name: string } | undefined;

/** PostgreSQL refuses to run as root, rightly; only root can (and must) choose another user. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * The unprivileged user for a cluster: its owner when there is one, else the owner of the data folder
 * unless that is root or has no name on this machine, else `postgres`, else `nobody`.
 */
export async function chooseRunAs(cluster: string, dataFolder: string): Promise<RunAs> {
  if (!isRoot()) return undefined;
  const made = await stat(cluster).catch(() => undefined);
  if (made !== undefined && made.uid !== 0) {
    return { uid: made.uid, gid: made.gid, name: `user ${made.uid}` };
  }
  const { uid } = await stat(dataFolder);
  // initdb refuses a user id without a name.
  const owner = await run('id', ['-un', String(uid)]).catch(() => undefined);
  const names = [owner?.stdout.trim() ?? 'root', 'postgres', 'nobody'];
  for (const name of names) {
    const user = await lookUp(name);
    if (user !== undefined) return user;
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody". ' +
      'Start Trousseau as an ordinary user, or give DATABASE_URL.',
  );
}

/** Whether that user can enter the folder: tried for real, so that no kind of permission is forgotten. */
export async function canEnter(runAs: RunAs, folder: string): Promise<boolean> {
  return succeeds(runAs, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder]);
}

/** Whether that user can start the program and all its libraries load. */
export async function canRun(runAs: RunAs, program: string): Promise<boolean> {
  return succeeds(runAs, program, ['--version']);
}

async function succeeds(runAs: RunAs, file: string, args: string[]): Promise<boolean> {
  try {
    await run(file, args, { ...ids(runAs), cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

/** The part of `spawn`'s options that makes the child that user, without our supplementary groups. */
export function ids(runAs: RunAs): { uid?: number; gid?: number } {
  return runAs === undefined ? {} : { uid: runAs.uid, gid: runAs.gid };
}

/** Undefined for root and for whom the machine does not know. */
async function lookUp(name: string): Promise<RunAs> {
  try {
    const uid = Number((await run('id', ['-u', name])).stdout);
    const gid = Number((await run('id', ['-g', name])).stdout);
    return uid > 0 ? { uid, gid, name } : undefined;
  } catch {
    return undefined;
  }
}
