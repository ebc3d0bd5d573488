import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster, newPassword, SUPERUSER } from './create-cluster.ts';
import { dropShortFolder, endpointUrl } from './endpoint.ts';
import { EmbeddedPostgresError } from './errors.ts';
import type { FileLock } from './file-lock.ts';
import { joinUsers, lockGate, lockHub, lockOutUsers } from './folder-locks.ts';
import { makeEmbeddedFolder, placeCluster, type Site } from './place-cluster.ts';
import { ensurePostmaster, type Log, signalPostmaster, stopPostmaster } from './postmaster.ts';
import type { PostmasterFile } from './postmaster-file.ts';
import { HUB_ROLE, prepareRoles } from './prepare-roles.ts';
import { readText, writePrivateFile } from './private-file.ts';
import { type Settings, SMALL_BOX } from './settings.ts';
import { stopOnExit } from './stop-on-exit.ts';
import { supervise } from './supervise.ts';

/** A hub is alone on its data folder, and looks after PostgreSQL; commands come beside it and go. */
export type Purpose = 'hub' | 'command';

export type EmbeddedServer = {
  /** The hub's role on the hub's database. */
  url: string;
  /** PostgreSQL's superuser, on the database `postgres`. */
  superuserUrl: string;
  /** False for a command that joined a PostgreSQL which others use. */
  ownsDatabase: boolean;
  site: Site;
  /** Leaves; stops PostgreSQL and waits, unless others still use it: then the last of them does. */
  close(): Promise<void>;
};

export type EmbeddedOptions = { purpose: Purpose; log: Log; settings?: Settings };

/** Time for a PostgreSQL that says it is ready to accept a connection, in milliseconds. */
const ACCEPT_TIMEOUT = 60_000;

/** What this process holds of an embedded PostgreSQL. */
type Stay = { folder: string; users: FileLock; hub: FileLock | undefined; site: Site | undefined };

/**
 * The PostgreSQL of a data folder: started, or joined when it runs already, as it does beside a hub or
 * after a hub was killed.
 * @throws DataFolderInUseError for a second hub
 * @throws EmbeddedPostgresError when PostgreSQL cannot be had; nothing is left running
 */
export async function openEmbeddedServer(
  dataFolder: string,
  options: EmbeddedOptions,
): Promise<EmbeddedServer> {
  const folder = await makeEmbeddedFolder(dataFolder);
  const hub = options.purpose === 'hub' ? await lockHub(folder, dataFolder) : undefined;
  try {
    return await join(folder, hub, options);
  } catch (error) {
    hub?.release();
    throw error;
  }
}

async function join(
  folder: string,
  hub: FileLock | undefined,
  { purpose, log, settings: changed }: EmbeddedOptions,
): Promise<EmbeddedServer> {
  const settings = { ...SMALL_BOX, ...changed };
  const gate = await lockGate(folder);
  const { lock: users, alone } = await joinUsers(folder);
  const stay: Stay = { folder, users, hub, site: undefined };
  let stopSupervising = async () => {};
  const close = once(async () => {
    await stopSupervising();
    await leave(stay, log);
    forget();
  });
  const forget = stopOnExit(close, () => leaveAtOnce(stay));
  try {
    const site = await placeCluster(folder);
    stay.site = site;
    // A hub of an older version has the role's first password in its hands: it must go on working.
    const mayChange = purpose === 'hub' || alone;
    const { postmaster, password, hubPassword } = await start(site, settings, log, mayChange);
    if (purpose === 'hub') {
      stopSupervising = supervise(site, settings, postmaster, log, () => lockGate(folder));
    }
    return {
      url: endpointUrl(postmaster.endpoint, HUB_ROLE, hubPassword, HUB_ROLE),
      superuserUrl: endpointUrl(postmaster.endpoint, SUPERUSER, password, 'postgres'),
      ownsDatabase: purpose === 'hub' || alone,
      site,
      close,
    };
  } catch (error) {
    await stopIfLast(stay, log);
    forget();
    throw error;
  } finally {
    gate.release();
  }
}

async function start(
  site: Site,
  settings: Settings,
  log: Log,
  mayChange: boolean,
): Promise<{ postmaster: PostmasterFile; password: string; hubPassword: string }> {
  const { password, created } = await createCluster(site, settings.fsync !== 'off');
  if (created) log.info(`Made a new database in ${site.cluster}`);
  const stored = await readText(site.hubPasswordFile);
  // Until the first start of this version the roles shared one.
  const hubPassword = stored ?? (mayChange ? newPassword() : password);
  const hub = { password: hubPassword, isNew: stored === undefined && mayChange };
  const deadline = performance.now() + ACCEPT_TIMEOUT;
  while (performance.now() < deadline) {
    const postmaster = await ensurePostmaster(site, settings, log);
    const url = endpointUrl(postmaster.endpoint, SUPERUSER, password, 'postgres');
    if (await prepareRoles(url, hub)) {
      // Written when it counts: a start that is killed in between makes another.
      if (hub.isNew) await writePrivateFile(site.hubPasswordFile, hubPassword);
      return { postmaster, password, hubPassword };
    }
    await sleep(20);
  }
  throw new EmbeddedPostgresError(
    `The database in ${site.cluster} runs but accepts no connection. Its log is ${site.logFile}.`,
  );
}

async function leave(stay: Stay, log: Log): Promise<void> {
  const gate = await lockGate(stay.folder);
  try {
    await stopIfLast(stay, log);
  } finally {
    gate.release();
    stay.hub?.release();
  }
}

/** Under the gate, nobody joins between finding that we are the last and the end of PostgreSQL. */
async function stopIfLast(stay: Stay, log: Log): Promise<void> {
  stay.users.release();
  const everyone = lockOutUsers(stay.folder);
  if (everyone === undefined) return;
  try {
    if (stay.site === undefined) return;
    await stopPostmaster(stay.site, log);
    await dropShortFolder(stay.site);
  } finally {
    everyone.release();
  }
}

/** For `process.exit()` and uncaught errors, where nothing can be waited for. */
function leaveAtOnce(stay: Stay): void {
  stay.users.release();
  const everyone = lockOutUsers(stay.folder);
  if (everyone === undefined) return;
  if (stay.site !== undefined) signalPostmaster(stay.site);
  everyone.release();
}

/** `work` as something that can be asked for again, and is done once. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
