import { open, readFile, readlink } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from './endpoint.ts';

/** What `postmaster.pid` says of the PostgreSQL of a cluster. */
export type PostmasterFile = {
  pid: number;
  endpoint: Endpoint;
  /** `starting`, `ready` or `stopping`; empty in the first instants. */
  status: string;
};

/** The PostgreSQL that runs on the cluster, whoever started it; undefined when none does. */
export async function findPostmaster(cluster: string): Promise<PostmasterFile | undefined> {
  const file = await readPostmasterFile(cluster);
  return file !== undefined && (await isPostmaster(file.pid, cluster)) ? file : undefined;
}

/**
 * Whether that process is the cluster's PostgreSQL. Process ids are used again, in a container soon, so
 * where it can be seen (Linux) the process must have the cluster as its working folder, as PostgreSQL does.
 */
export async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (platform() === 'linux') {
    return readlink(`/proc/${pid}/cwd`).then(
      (folder) => folder === cluster,
      () => false,
    );
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Disarms the file of a PostgreSQL that is dead. PostgreSQL refuses to start while the process that the
 * file names is alive, which may be a stranger by now, but ignores its own parent: us. The rest of the
 * file stays, as it lets PostgreSQL see whether orphaned children still use the cluster's memory.
 */
export async function disarmPostmasterFile(cluster: string): Promise<void> {
  const file = await open(join(cluster, 'postmaster.pid'), 'r+').catch(() => undefined);
  if (file === undefined) return;
  try {
    const text = (await file.readFile('utf8')).replace(/^-?\d+/, String(process.pid));
    await file.truncate();
    await file.write(text, 0);
  } finally {
    await file.close();
  }
}

/** Lines: pid, data folder, start time, port, socket folder, address, shared memory, status. */
async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const port = Number(lines[3] ?? 0);
  const endpoint = lines[4] ? { socketFolder: lines[4], port } : { port };
  return { pid, endpoint, status: lines[7] ?? '' };
}
