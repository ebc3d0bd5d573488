#!/usr/bin/env node
// The launcher: plain JavaScript that any Node can read. It finds a Node that runs TypeScript (>= 22.18),
// the machine's own or the one that the install brought, and hands over to it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  // Reading TypeScript takes half of a short command's time: what was read once is kept beside the packages, with
  // whoever may write those. Where nobody may, it is read anew.
  module.enableCompileCache?.(
    fileURLToPath(new URL('../node_modules/.cache/trousseau', import.meta.url)),
  );
  await import('./cli/main.ts');
} else {
  const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (!existsSync(bundled) || process.env.TROUSSEAU_RELAUNCHED) {
    console.error(
      `Trousseau needs Node 22.18 or newer; this is ${process.version}. Run "npm ci" in the project's folder, ` +
        'which brings the right one on Linux, or install a newer Node.',
    );
    process.exit(1);
  }
  const own = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(bundled, own, {
    stdio: 'inherit',
    env: { ...process.env, TROUSSEAU_RELAUNCHED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal) process.kill(process.pid, signal);
    process.exit(code ?? 1);
  });
}
