import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/platform/database/database.ts';
import { openEmbeddedServer } from '../../src/platform/database/embedded/open-embedded-server.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import { Browser } from '../support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { TEST_SECRET } from '../support/hub.ts';
import { RelyingParty, type Tokens } from '../support/relying-party.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const SECRET = TEST_SECRET.replaceAll(/[ ,]/g, '-');
const RUN_HUB = fileURLToPath(new URL('../support/run-hub.ts', import.meta.url));

let folder: string;
let postgres: Awaited<ReturnType<typeof openEmbeddedServer>>;
let url: string;
let port: number;
let community: BuiltCommunity;
let member: BuiltMember;
let loading: BuiltMember[];
let app: RelyingParty;
let process_: ChildProcess | undefined;

beforeAll(async () => {
  // As durable as a real hub's, unlike the one that the other tests share.
  folder = await mkdtemp(join(await scratchFolder(), 'trousseau-test-'));
  const log = { info: () => {}, warn: () => {} };
  postgres = await openEmbeddedServer(folder, { purpose: 'hub', log });
  port = await freePort();
  url = `http://localhost:${port}`;
  const database = await openDatabase({ url: postgres.url });
  await migrate(database);
  community = await buildCommunity(database);
  member = await buildMember(database, community.id);
  loading = await Promise.all([1, 2, 3, 4].map(() => buildMember(database, community.id)));
  const hub = { database, sealer: createSealer([SECRET]), url };
  app = new RelyingParty(url, community, await buildService(hub, community));
  await database.close();
});

afterAll(async () => {
  if (process_ !== undefined) await kill(process_, 'SIGTERM');
  await postgres.close();
  await rm(postgres.site.base, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

async function startProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [RUN_HUB], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TROUSSEAU_URL: url,
      TROUSSEAU_LISTEN: `127.0.0.1:${port}`,
      TROUSSEAU_LDAP_LISTEN: 'off',
      TROUSSEAU_SECRET: SECRET,
      DATABASE_URL: postgres.url,
      LOG_LEVEL: 'silent',
    },
  });
  await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the hub ended with ${code}`))),
  ]);
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function newBrowser(): Browser {
  return new Browser({ stopAt: (target) => target.hostname.endsWith('.example') });
}

describe('when a process of the hub is killed', () => {
  it('keeps every token that was answered, however often it is killed in the middle of sign-ins', async () => {
    const answered: Tokens[] = [];
    let refused = 0;
    for (let round = 0; round < 3; round += 1) {
      const hub = await startProcess();
      process_ = hub;
      const target = answered.length + 3;
      let stop = false;
      // A try is counted before its password is looked at, and stays counted when the hub is killed meanwhile: four of
      // one member's at each kill would soon be too many.
      const clients = loading.map(async ({ username }) => {
        while (!stop) {
          try {
            const tokens = await app.tokens(await app.signIn(newBrowser(), username));
            const response = await app.refresh(tokens.refresh_token as string);
            if (response.status === 200) answered.push((await response.json()) as Tokens);
          } catch {
            // The connection broke, or the page was an error: nothing was acknowledged.
            refused += 1;
            if (hub.killed) return;
          }
        }
      });
      await expect
        .poll(() => answered.length, { timeout: 20_000, interval: 5 })
        .toBeGreaterThanOrEqual(target);
      await kill(hub, 'SIGKILL');
      stop = true;
      await Promise.all(clients);
    }
    process_ = await startProcess();
    for (const tokens of answered) {
      expect((await app.userinfo(tokens.access_token)).status).toBe(200);
      expect((await app.refresh(tokens.refresh_token as string)).status).toBe(200);
    }
    expect(answered.length).toBeGreaterThanOrEqual(9);
    expect(refused).toBeGreaterThan(0);
  }, 90_000);

  it('lets the browser go on where it was, with the next process', async () => {
    process_ ??= await startProcess();
    const browser = newBrowser();
    const page = await browser.open(app.authorizationUrl());
    await kill(process_, 'SIGKILL');
    process_ = await startProcess();
    const next = await browser.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(app.isBack(next) || next.document.querySelector('#consent-form') !== null).toBe(true);
  });
});

describe('when PostgreSQL is killed under load', () => {
  it('gives errors, then recovers, in the same process', async () => {
    process_ ??= await startProcess();
    const hubPid = process_.pid;
    const tokens = await app.tokens(await app.signIn(newBrowser(), member.username));
    const statuses: number[] = [];
    let stop = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!stop)
        statuses.push(
          (await app.userinfo(tokens.access_token).catch(() => ({ status: 599 }))).status,
        );
    });
    await expect.poll(() => statuses.length).toBeGreaterThan(20);
    process.kill(await postmasterPid(), 'SIGKILL');
    await expect
      .poll(() => statuses.some((status) => status >= 500), { timeout: 15_000 })
      .toBe(true);
    await expect
      .poll(() => statuses.slice(-8).every((status) => status === 200), { timeout: 30_000 })
      .toBe(true);
    stop = true;
    await Promise.all(load);
    expect(process_.pid).toBe(hubPid);
    expect(process_.exitCode).toBeNull();
    expect(new Set(statuses.filter((status) => status < 500))).toEqual(new Set([200]));
    expect(statuses.filter((status) => status === 401)).toEqual([]);
    await app.tokens(await app.signIn(newBrowser(), member.username));
  }, 60_000);
});

/** The parent of any backend is the postmaster. */
async function postmasterPid(): Promise<number> {
  const database = await openDatabase({ url: postgres.url, poolSize: 1 });
  const [row] = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const status = await readFile(`/proc/${row?.pid}/status`, 'utf8');
  await database.close();
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}
