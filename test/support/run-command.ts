import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/trousseau.js', import.meta.url));

export type Run = { code: number | null; out: string; err: string };

/** Runs `trousseau` as a user does: its own process, the environment for settings. */
export function runCommand(
  line: string | readonly string[],
  {
    env,
    input,
    nodeOptions = [],
  }: { env: Record<string, string>; input?: string; nodeOptions?: string[] },
): Promise<Run> {
  const args = typeof line === 'string' ? line.split(' ') : line;
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [...nodeOptions, PROGRAM, ...args], {
    env: { PATH, NODE_COMPILE_CACHE, ...env },
  });
  const run: Run = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    run.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.err += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...run, code })));
}
