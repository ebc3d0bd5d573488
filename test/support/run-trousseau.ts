import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/trousseau.js', import.meta.url));

export type Run = { code: number | null; out: string; err: string };

type Options = {
  /** What stands on standard input. */
  input?: string | undefined;
  nodeOptions?: string[];
};

/** Runs a command as a user does: in a process of its own, with the environment for settings. */
export async function runTrousseau(
  args: readonly string[],
  env: Record<string, string>,
  { input = '', nodeOptions = [] }: Options = {},
): Promise<Run> {
  const child = spawn(process.execPath, [...nodeOptions, PROGRAM, ...args], {
    stdio: 'pipe',
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
  });
  const run: Run = { code: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    run.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    run.err += text;
  });
  child.stdin.end(input);
  [run.code] = await once(child, 'close');
  return run;
}
