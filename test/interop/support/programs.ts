import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { vi } from 'vitest';

/** A program that a test started; `stop` ends it, and only it, by its process id. */
export type Program = { output(): string; stop(): Promise<void> };

const START_MS = 60_000;
const STOP_MS = 8_000;

/**
 * Starts a program and waits until it listens on a port of 127.0.0.1.
 * @throws when it is missing, ends, or does not listen within a minute; what it printed is told
 */
export async function startProgram(
  command: string,
  args: string[],
  options: {
    port: number;
    cwd: string;
    env?: NodeJS.ProcessEnv;
    log?: () => string;
    /** Whom it runs as, where that is not us. */
    user?: { uid: number; gid: number } | undefined;
  },
): Promise<Program> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-200_000);
    });
  }
  const output = () => printed + (options.log?.() ?? '');
  let fault: Error | undefined;
  child.once('error', (error) => {
    fault = cannotRun(command, error);
  });
  child.once('exit', (code, signal) => {
    fault ??= new Error(`${command} ended (${signal ?? code}):\n${output().slice(-6_000)}`);
  });
  const stop = () => stopChild(child);
  try {
    await waitForPort(options.port, () => fault);
  } catch (error) {
    await stop();
    throw fault ?? new Error(`${(error as Error).message}:\n${output().slice(-6_000)}`);
  }
  return { output, stop };
}

/** Runs a program to its end. @throws when it fails, with what it printed */
export async function runProgram(
  command: string,
  args: string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<void> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const [code] = await once(child, 'close').catch((error) => {
    throw cannotRun(command, error);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code}):\n${printed}`);
}

function cannotRun(command: string, error: Error): Error {
  return new Error(`${command} cannot be run; docs/interop.md says what to install`, {
    cause: error,
  });
}

async function waitForPort(port: number, fault: () => Error | undefined): Promise<void> {
  const tried = vi.waitFor(() => (fault() === undefined ? connectTo(port) : undefined), {
    timeout: START_MS,
    interval: 50,
  });
  await tried;
  const error = fault();
  if (error !== undefined) throw error;
}

async function connectTo(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Asks the program to end, and ends it when it does not. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(late);
}
