import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from './binaries.ts';
import { chooseEndpoint, type Endpoint, endpointSettings, unlockSocket } from './endpoint.ts';
import { EmbeddedPostgresError } from './errors.ts';
import type { Site } from './place-cluster.ts';
import {
  disarmPostmasterFile,
  findPostmaster,
  isPostmaster,
  type PostmasterFile,
} from './postmaster-file.ts';
import { ids } from './run-as.ts';
import { logSize, readLogFrom } from './server-log.ts';
import { type Settings, settingArguments } from './settings.ts';

export type Log = { info(message: string): void; warn(message: string): void };

/** How long the remains of a killed PostgreSQL may be in the way, in milliseconds. */
const REMAINS_TIMEOUT = 30_000;
const FAST_SHUTDOWN_TIMEOUT = 30_000;
const HARD_SHUTDOWN_TIMEOUT = 5_000;
/** Crash recovery has no limit, but it must not be a silence. */
const PROGRESS_EVERY = 10_000;

/**
 * Returns when the cluster's PostgreSQL accepts connections: the one that runs already, or a new one.
 * The remains of a killed one (its file, its dying children) are waited for. Call it under the gate lock.
 * @param options where clients already look for it; a signal to give up waiting
 * @throws EmbeddedPostgresError with PostgreSQL's own reason when it ends instead
 */
export async function ensurePostmaster(
  site: Site,
  settings: Settings,
  log: Log,
  { endpoint, signal }: { endpoint?: Endpoint; signal?: AbortSignal } = {},
): Promise<PostmasterFile> {
  const start = performance.now();
  let launch: Launch | undefined;
  let nextProgress = start + PROGRESS_EVERY;
  for (;;) {
    signal?.throwIfAborted();
    const found = await findPostmaster(site.cluster);
    if (found?.status === 'ready') return found;
    if (launch?.ended()) {
      const reason = await readLogFrom(site.logFile, launch.logStart);
      if (!isRemains(reason) || performance.now() - start > REMAINS_TIMEOUT) {
        throw failure(site, launch, reason);
      }
      launch = undefined;
      await sleep(100);
    } else if (found === undefined && launch === undefined) {
      launch = await launchPostmaster(site, settings, endpoint);
    } else {
      await sleep(10);
    }
    if (performance.now() > nextProgress) {
      log.info(`PostgreSQL is ${found?.status || 'starting'}; still waiting for it`);
      nextProgress += PROGRESS_EVERY;
    }
  }
}

/** Asks PostgreSQL to end in order, without waiting: for a process that is ending itself. */
export function signalPostmaster(site: Site): void {
  try {
    const pid = Number.parseInt(readFileSync(join(site.cluster, 'postmaster.pid'), 'utf8'), 10);
    if (pid > 1) process.kill(pid, 'SIGINT');
  } catch {
    // None runs.
  }
}

/** Ends a PostgreSQL in order (fast shutdown: open transactions roll back) and waits until it is gone. */
export async function stopPostmaster(site: Site, log: Log): Promise<void> {
  const found = await findPostmaster(site.cluster);
  if (found === undefined) return;
  if (await signalAndWait(found.pid, 'SIGINT', site, FAST_SHUTDOWN_TIMEOUT)) return;
  log.warn('PostgreSQL does not stop in time; it is made to, and will recover at the next start');
  if (await signalAndWait(found.pid, 'SIGQUIT', site, HARD_SHUTDOWN_TIMEOUT)) return;
  await signalAndWait(found.pid, 'SIGKILL', site, HARD_SHUTDOWN_TIMEOUT);
}

type Launch = {
  child: ChildProcess;
  logStart: number;
  ended(): boolean;
  error(): Error | undefined;
};

/** A process group of its own: Ctrl-C on the terminal reaches the hub alone, which then stops it in order. */
async function launchPostmaster(
  site: Site,
  settings: Settings,
  previous: Endpoint | undefined,
): Promise<Launch> {
  const endpoint = await chooseEndpoint(site, previous);
  await disarmPostmasterFile(site.cluster);
  await unlockSocket(endpoint);
  const args = ['-D', site.cluster];
  args.push(...settingArguments({ ...settings, ...endpointSettings(endpoint) }));
  const logStart = await logSize(site.logFile);
  const output = openSync(site.logFile, 'a', 0o600);
  let error: Error | undefined;
  try {
    const child = spawn(program(site.binaries, 'postgres'), args, {
      ...ids(site.runAs),
      cwd: site.base,
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', output, output],
      detached: true,
    });
    child.on('error', (cause) => {
      error = cause;
    });
    child.unref();
    const ended = () => error !== undefined || child.exitCode !== null || child.signalCode !== null;
    return { child, logStart, ended, error: () => error };
  } finally {
    closeSync(output);
  }
}

/** Whether PostgreSQL only found remains that will be gone in a moment. */
function isRemains(reason: string): boolean {
  return /pre-existing shared memory block|lock file ".*" (already exists|is empty)|Is another postmaster/.test(
    reason,
  );
}

function failure(site: Site, launch: Launch, reason: string): EmbeddedPostgresError {
  const lines = reason
    .split('\n')
    .filter((line) => /FATAL|PANIC|ERROR|HINT/.test(line))
    .map((line) => line.replace(/^.*?(FATAL|PANIC|ERROR|HINT): +/, ''));
  const why =
    launch.error()?.message ?? (lines.join(' ') || `it ended with ${launch.child.exitCode}`);
  return new EmbeddedPostgresError(
    `The database in ${site.cluster} did not start: ${why}. Its log is ${site.logFile}.`,
  );
}

async function signalAndWait(
  pid: number,
  signal: NodeJS.Signals,
  site: Site,
  timeout: number,
): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
    throw error;
  }
  const deadline = performance.now() + timeout;
  while (performance.now() < deadline) {
    if (!(await isPostmaster(pid, site.cluster))) return true;
    await sleep(10);
  }
  return false;
}
