import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Binaries,
  copyBinaries,
  packagedBinaries,
  program,
  repairBinaries,
} from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { readText, writePrivateFile } from './private-file.ts';
import { canEnter, canRun, chooseRunAs, type RunAs } from './run-as.ts';

/** Where everything of one embedded PostgreSQL is. */
export type Site = {
  /** `DATA/embedded`: locks, password and log, ours alone. */
  folder: string;
  /** Holds the cluster and the socket. `folder` itself, unless PostgreSQL's user cannot reach it. */
  base: string;
  /** PostgreSQL's own data folder. */
  cluster: string;
  /** Holds the superuser's password. */
  passwordFile: string;
  /** Holds that of the hub's role. */
  hubPasswordFile: string;
  logFile: string;
  binaries: Binaries;
  runAs: RunAs;
};

/** For what an unprivileged user must reach when the data folder or the checkout is root's alone. */
const STORE = '/var/lib/trousseau';

/** Makes `DATA/embedded`, mode 0700, where the locks are. */
export async function makeEmbeddedFolder(dataFolder: string): Promise<string> {
  const folder = join(dataFolder, 'embedded');
  // The folders above are nobody's secret: private ones would keep PostgreSQL's user out for no gain.
  await mkdir(dirname(dataFolder), { recursive: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return realpath(folder);
}

/**
 * Finds, or chooses once and for all, the places and the user of the cluster. As an ordinary user
 * everything is in the data folder. As root, PostgreSQL runs as another user: a data folder or binaries
 * which that user cannot reach are replaced by ones under /var/lib/trousseau, the first recorded in
 * `DATA/embedded/location`. Call it under the gate lock.
 */
export async function placeCluster(folder: string): Promise<Site> {
  const recorded = await readText(join(folder, 'location'));
  if (recorded !== undefined) await checkRecorded(folder, recorded);
  const known = recorded ?? folder;
  const runAs = await chooseRunAs(join(known, 'cluster'), dirname(folder));
  const base = await realpath(recorded ?? (await chooseBase(folder, runAs)));
  return {
    folder,
    base,
    cluster: join(base, 'cluster'),
    passwordFile: join(folder, 'password'),
    hubPasswordFile: join(folder, 'hub-password'),
    logFile: join(folder, 'postgres.log'),
    binaries: await chooseBinaries(base, runAs),
    runAs,
  };
}

/** A data folder that was copied must not share its original's cluster. */
async function checkRecorded(folder: string, base: string): Promise<void> {
  const owner = await readText(join(base, 'data-folder'));
  if (owner === folder) return;
  if (owner === undefined) {
    throw new EmbeddedPostgresError(
      `The database of ${dirname(folder)} was kept in ${base}, which is gone. Bring it back, ` +
        `or remove ${folder} to start with an empty database.`,
    );
  }
  if ((await readText(join(owner, 'location'))) === base) {
    throw new EmbeddedPostgresError(
      `${dirname(folder)} is a copy of ${dirname(owner)}: its database in ${base} belongs to the ` +
        `original. Remove ${folder} to start with an empty database.`,
    );
  }
  await writePrivateFile(join(base, 'data-folder'), folder);
}

async function chooseBase(folder: string, runAs: RunAs): Promise<string> {
  if (runAs === undefined) return folder;
  // What is above the data folder is not ours to open; the data folder and what is in it is.
  if (await canEnter(runAs, dirname(dirname(folder)))) {
    for (const ours of [dirname(folder), folder]) await letEnter(ours, runAs);
    if (await canEnter(runAs, folder)) return folder;
  }
  const existing = await stat(join(folder, 'cluster')).catch(() => undefined);
  if (existing !== undefined) {
    throw new EmbeddedPostgresError(
      `PostgreSQL runs as ${runAs.name}, who can no longer reach ${folder}: give the folders above it ` +
        'back their search permission (chmod o+x).',
    );
  }
  return makeBaseElsewhere(folder, runAs);
}

async function makeBaseElsewhere(folder: string, runAs: NonNullable<RunAs>): Promise<string> {
  const store = await rootStore();
  if (store === undefined || !(await canEnter(runAs, store))) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and ${runAs.name} can reach neither ${folder} nor ${STORE}. ` +
        'Start Trousseau as an ordinary user, or put TROUSSEAU_DATA where all users can go.',
    );
  }
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  // Never the same name twice: whoever removes a data folder expects its database to be gone too.
  const base = await mkdtemp(join(store, `${hash}-`));
  await letEnter(base, runAs);
  await writePrivateFile(join(base, 'data-folder'), folder);
  await writePrivateFile(join(folder, 'location'), base);
  return base;
}

/** Lets that user through a folder, not read it: by its group when that is free, else as anyone may. */
async function letEnter(folder: string, runAs: NonNullable<RunAs>): Promise<void> {
  if (await canEnter(runAs, folder)) return;
  const { uid, mode } = await stat(folder);
  if (uid !== 0) return;
  if ((mode & 0o070) !== 0) return chmod(folder, (mode & 0o7777) | 0o001);
  await chown(folder, uid, runAs.gid);
  await chmod(folder, (mode & 0o7777) | 0o010);
}

async function chooseBinaries(base: string, runAs: RunAs): Promise<Binaries> {
  const packaged = await packagedBinaries();
  const whole = await repairBinaries(packaged);
  if (whole && (await canRun(runAs, program(packaged, 'postgres')))) return packaged;
  const parent = runAs === undefined ? base : ((await rootStore()) ?? base);
  const copy = await copyBinaries(packaged, parent);
  if (await canRun(runAs, program(copy, 'postgres'))) return copy;
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL does not run on this machine (tried ${program(copy, 'postgres')}` +
      `${runAs === undefined ? '' : ` as ${runAs.name}`}); it needs glibc. Give DATABASE_URL instead.`,
  );
}

/** /var/lib/trousseau, if it is there or can be made, and is safely root's. */
async function rootStore(): Promise<string | undefined> {
  try {
    if ((await mkdir(STORE, { recursive: true })) !== undefined) await chmod(STORE, 0o755);
  } catch {
    return undefined;
  }
  const found = await lstat(STORE);
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0 ? STORE : undefined;
}
