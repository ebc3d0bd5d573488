import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/trousseau.js', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(await scratchFolder(), 'trousseau-demo-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the demo until it says how to stop it. */
async function runDemo(...options: string[]) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const child = spawn(process.execPath, [LAUNCHER, 'demo', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TROUSSEAU_DATA: folder,
      TROUSSEAU_URL: url,
      TROUSSEAU_LISTEN: `127.0.0.1:${port}`,
    },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const ended = once(child, 'exit');
  await expect.poll(() => printed, { timeout: 30_000 }).toContain('Press Ctrl-C to stop.');
  return { url, child, printed: () => printed, ended };
}

it('the demo prints what works: every community, user, password and app; Ctrl-C leaves nothing behind', async () => {
  const demo = await runDemo();
  const users = [...demo.printed().matchAll(/^ {4}(\S+) +(trousseau-demo-\S+)/gm)].map(
    ([, name, password]) => ({
      name: name as string,
      password: password as string,
    }),
  );
  expect(users.length).toBeGreaterThanOrEqual(15);
  const communities = [...demo.printed().matchAll(/^ {4}(http\S+\/c\/\S+)$/gm)].map(
    ([, address]) => address as string,
  );
  expect(communities).toHaveLength(3);
  for (const address of communities) expect((await fetch(`${address}/login`)).status).toBe(200);

  const alice = users.find(({ name }) => name === 'alice') as { name: string; password: string };
  const browser = new Browser();
  const question = await browser.open('http://localhost:8091/login');
  const notice = await browser.submit(question, '#login-form', {
    username: alice.name,
    password: alice.password,
  });
  const carnet = await browser.submit(notice, '#consent-form', {}, '#consent-allow');
  expect(carnet.document.querySelector('#app-member')?.text).toContain('Alice Martin');
  const agenda = await browser.submit(
    await browser.open('http://localhost:8092/login'),
    '#consent-form',
    {},
    '#consent-allow',
  );
  expect(agenda.document.querySelector('#app-member')?.text).toContain('Alice Martin');

  demo.child.kill('SIGINT');
  expect(await demo.ended).toEqual([0, null]);
  for (const address of [demo.url, 'http://localhost:8091/', 'http://localhost:8092/']) {
    await expect(fetch(address)).rejects.toThrow();
  }
}, 60_000);

it('the demo starts again on what it left, on other ports when it is asked to', async () => {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const [hub, ldap, first, second] = ports;
  const options = ['--port', hub, '--ldap-port', ldap, '--app-ports', `${first},${second}`];
  const demo = await runDemo(...options.map(String));
  expect(demo.printed()).toContain(`http://localhost:${hub}/c/lamyne`);
  expect(demo.printed()).toContain(`ldap://127.0.0.1:${ldap}`);
  const browser = new Browser();
  for (const port of [first, second]) {
    const question = await browser.open(`http://localhost:${port}/login`);
    expect(question.url).toContain(`http://localhost:${hub}/c/`);
    expect(question.document.querySelector('#login-form')).not.toBeNull();
  }
  demo.child.kill('SIGINT');
  expect(await demo.ended).toEqual([0, null]);
}, 60_000);
