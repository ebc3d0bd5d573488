import { mkdtemp, rm, rmdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Site } from './place-cluster.ts';
import { makePrivateFolder, readText, writePrivateFile } from './private-file.ts';
import { canEnter } from './run-as.ts';
import type { Settings } from './settings.ts';

/** Where PostgreSQL listens: a private folder with its socket, or a port of the loopback. */
export type Endpoint = { socketFolder: string; port: number } | { port: number };

/** The number in the socket's name; in a private folder it clashes with nobody's. */
const SOCKET_PORT = 5432;
/** The operating systems' limits are 104 to 108 bytes. */
const LONGEST_SOCKET_PATH = 100;

/**
 * Chooses where a PostgreSQL about to start listens: a socket in the cluster's base, else, where that
 * path is too long, in a short private folder; a loopback port only where there are no sockets.
 * @param previous where clients already look for it
 */
export async function chooseEndpoint(site: Site, previous?: Endpoint): Promise<Endpoint> {
  if (previous !== undefined) {
    if ('socketFolder' in previous) await makePrivateFolder(previous.socketFolder, site.runAs);
    return previous;
  }
  if (platform() === 'win32') return { port: await freePort() };
  const near = join(site.base, 'run');
  if (fits(near)) {
    await makePrivateFolder(near, site.runAs);
    return { socketFolder: near, port: SOCKET_PORT };
  }
  const far = await shortFolder(site);
  return far === undefined ? { port: await freePort() } : { socketFolder: far, port: SOCKET_PORT };
}

/**
 * Removes the lock of a dead PostgreSQL on its socket: it names a process which may be a stranger by
 * now. The folder is the cluster's own, so no other PostgreSQL can be meant.
 */
export async function unlockSocket(endpoint: Endpoint): Promise<void> {
  if (!('socketFolder' in endpoint)) return;
  await rm(join(endpoint.socketFolder, `.s.PGSQL.${endpoint.port}.lock`), { force: true });
}

/** The settings that make PostgreSQL listen there, and nowhere else. */
export function endpointSettings(endpoint: Endpoint): Settings {
  return 'socketFolder' in endpoint
    ? {
        listen_addresses: '',
        unix_socket_directories: endpoint.socketFolder,
        unix_socket_permissions: '0700',
        port: String(endpoint.port),
      }
    : { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(endpoint.port) };
}

/** A URL that `pg` and libpq both understand. */
export function endpointUrl(
  endpoint: Endpoint,
  role: string,
  password: string,
  database: string,
): string {
  const url = new URL(`postgres://localhost/${database}`);
  url.username = role;
  url.password = password;
  if ('socketFolder' in endpoint) {
    url.searchParams.set('host', endpoint.socketFolder);
  } else {
    url.hostname = '127.0.0.1';
  }
  url.port = String(endpoint.port);
  return url.href;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) < LONGEST_SOCKET_PATH;
}

/** The folder of last time, or a new one with a name that nobody could foresee. */
async function shortFolder(site: Site): Promise<string | undefined> {
  const record = join(site.folder, 'socket-folder');
  const recorded = await readText(record);
  if (recorded !== undefined && fits(recorded)) {
    const ours = await makePrivateFolder(recorded, site.runAs).then(
      () => true,
      () => false,
    );
    if (ours) return recorded;
  }
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    if (!fits(join(parent, 'trousseau-XXXXXX'))) continue;
    if ((await stat(parent).catch(() => undefined)) === undefined) continue;
    if (!(await canEnter(site.runAs, parent))) continue;
    const folder = await mkdtemp(join(parent, 'trousseau-'));
    await makePrivateFolder(folder, site.runAs);
    await writePrivateFile(record, folder);
    return folder;
  }
  return undefined;
}

/** Removes the short folder of a PostgreSQL that has stopped. */
export async function dropShortFolder(site: Site): Promise<void> {
  const record = join(site.folder, 'socket-folder');
  const recorded = await readText(record);
  if (recorded === undefined) return;
  await rmdir(recorded).catch(() => {});
  await rm(record, { force: true });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
