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
 * The unprivileged user for a cluster: the owner of what is there already (the first of the paths that
 * is not root's), else the machine's `postgres`, else `nobody`.
 */
export async function chooseRunAs(existing: string[]): Promise<RunAs> {
  if (!isRoot()) return undefined;
  for (const path of existing) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.uid === 0) continue;
    return { uid: found.uid, gid: found.gid, name: `user ${found.uid}` };
  }
  const user = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (user === undefined) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody". ' +
        'Start Trousseau as an ordinary user, or give DATABASE_URL.',
    );
  }
  return user;
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

async function lookUp(name: string): Promise<RunAs> {
  try {
    const uid = Number((await run('id', ['-u', name])).stdout);
    const gid = Number((await run('id', ['-g', name])).stdout);
    return uid > 0 ? { uid, gid, name } : undefined;
  } catch {
    return undefined;
  }
}
