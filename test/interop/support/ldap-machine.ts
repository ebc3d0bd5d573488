import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { vi } from 'vitest';
import { stopChild } from './programs.ts';
import type { WorkFolder } from './work-folder.ts';

/** A machine on which the members of a place are users. */
export type Machine = {
  /** Runs a program there. What it is to read is `input`. */
  run(command: string, args: string[], input?: string): Promise<{ code: number; text: string }>;
  stop(): Promise<void>;
};

/**
 * Starts a daemon that reads files under /etc. In a mount namespace of its own these are others, and
 * the machine keeps what it has.
 * @param options.mounts shell commands that put the files of `$FILES` (the folder) in their places
 * @param options.daemon the command line, which stays in the foreground
 * @param options.sockets where it listens once it is there, as seen from inside
 * @param options.needs programs, and the Debian packages they are in
 * @throws when something is missing or the daemon does not start; what it printed is told
 */
export async function startMachine(options: {
  folder: WorkFolder;
  mounts: string;
  daemon: string;
  sockets: string[];
  needs: Record<string, string>;
}): Promise<Machine> {
  const { folder, mounts, sockets, needs } = options;
  if (process.getuid?.() !== 0) throw new Error('a mount namespace is for root: run as root');
  for (const [file, name] of Object.entries(needs)) {
    if (!existsSync(file)) throw new Error(`${file} is missing: install Debian's ${name}`);
  }
  const script = `${mounts}\nexec ${options.daemon}`;
  const daemon = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script], {
    env: { ...process.env, FILES: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = textOf(daemon);
  const stop = () => stopChild(daemon).finally(folder.remove);
  const hasEnded = () => daemon.exitCode !== null || daemon.signalCode !== null;
  try {
    const isThere = () => sockets.every((path) => existsSync(`/proc/${daemon.pid}/root${path}`));
    await vi.waitUntil(() => isThere() || hasEnded(), { timeout: 20_000 });
    if (hasEnded()) throw new Error('it ended');
  } catch (error) {
    await stop();
    throw new Error(`${options.daemon} did not start: ${printed()}`, { cause: error });
  }
  const inside = ['--target', String(daemon.pid), '--mount'];
  return {
    run: (command, args, input = '') => runInside([...inside, command, ...args], input),
    stop,
  };
}

function runInside(args: string[], input: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', args, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    const text = textOf(child);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, text: text().trim() }));
    // Not every program reads what it is given.
    child.stdin.on('error', () => {}).end(input);
  });
}

function textOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return () => text;
}
