import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { program } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import type { Site } from './place-cluster.ts';
import { makePrivateFolder, readText, syncFolder, writePrivateFile } from './private-file.ts';
import { ids } from './run-as.ts';

const DRAFT = 'cluster.new-';

const run = promisify(execFile);

/** PostgreSQL's superuser, for the supervisor; the hub itself connects as an ordinary role. */
export const SUPERUSER = 'postgres';

/**
 * Makes the cluster if there is none: UTF-8, the built-in C.UTF-8 locale (sorts alike on every machine),
 * password (SCRAM) for everyone. It appears whole, by a rename; what a killed attempt left is removed.
 * @param durable false skips flushing to the disk, for throw-away clusters
 * @returns the superuser's password, and whether the cluster was made by this call
 */
export async function createCluster(
  site: Site,
  durable: boolean,
): Promise<{ password: string; created: boolean }> {
  const existing = await readText(site.passwordFile);
  const version = await readVersion(site.cluster);
  if (version !== undefined) {
    checkVersion(site, version);
    if (existing !== undefined) return { password: existing, created: false };
    throw new EmbeddedPostgresError(
      `The password of the database, ${site.passwordFile}, is missing; bring it back from a backup.`,
    );
  }
  const password = existing ?? newPassword();
  if (existing === undefined) await writePrivateFile(site.passwordFile, password);
  await initialise(site, password, durable);
  return { password, created: true };
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

async function readVersion(cluster: string): Promise<string | undefined> {
  try {
    return (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== 'EACCES') throw error;
    throw new EmbeddedPostgresError(
      `The database in ${cluster} belongs to another user; start Trousseau as that user, or as root.`,
    );
  }
}

/** A cluster of another major version must be refused before PostgreSQL touches it. */
function checkVersion(site: Site, version: string): void {
  const ours = site.binaries.version.split('.')[0];
  if (version === ours) return;
  throw new EmbeddedPostgresError(
    `The database in ${site.cluster} is PostgreSQL ${version}'s and this Trousseau brings PostgreSQL ${ours}. ` +
      'Export it with the Trousseau that wrote it, then import it into an empty data folder.',
  );
}

async function initialise(site: Site, password: string, durable: boolean): Promise<void> {
  await removeDrafts(site.base);
  // A new name each time: an initdb whose hub was killed may be writing to its own draft still.
  const draft = join(site.base, `${DRAFT}${randomBytes(4).toString('hex')}`);
  const passwordCopy = join(site.base, 'password.new');
  await rm(passwordCopy, { force: true });
  await makePrivateFolder(draft, site.runAs);
  // initdb reads the password as PostgreSQL's user, who cannot read ours.
  await writeFile(passwordCopy, `${password}\n`, { flag: 'wx', mode: 0o600 });
  if (site.runAs !== undefined) await chown(passwordCopy, site.runAs.uid, site.runAs.gid);
  const args = [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordCopy}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
    await run(program(site.binaries, 'initdb'), args, { ...ids(site.runAs), env, cwd: site.base });
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The database could not be made in ${site.base}: ${explain(cause as Error)}`,
      { cause },
    );
  } finally {
    await rm(passwordCopy, { force: true });
  }
  await rename(draft, site.cluster);
  if (durable) await syncFolder(site.base);
}

function explain(error: Error & { stderr?: string }): string {
  const reason = error.stderr?.trim().split('\n').at(-1) || error.message;
  return /could not look up effective user ID/.test(reason)
    ? `the user id ${process.geteuid?.()} has no name on this machine (/etc/passwd), which PostgreSQL ` +
        'insists on; give it one, or give DATABASE_URL.'
    : reason;
}

/** Retries while an orphaned initdb writes to a draft; that soon fails on what is gone. */
async function removeDrafts(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (!name.startsWith(DRAFT)) continue;
    await rm(join(base, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
