import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { ChangeFeed } from '../src/platform/database/change-feed.ts';
import type { Deliveries } from '../src/platform/outbox/deliver-message.ts';
import { enqueue } from '../src/platform/outbox/outbox.ts';
import { LEASE_MS } from '../src/platform/outbox/outbox-store.ts';
import { type OutboxWorker, startOutboxWorker } from '../src/platform/outbox/outbox-worker.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { buildCommunity } from './support/factories.ts';
import { openOutboxFeed } from './support/feed.ts';

const log = pino({ level: 'silent' });
const WAIT = { timeout: 12_000, interval: 20 };
let db: TestDatabase;
let feed: ChangeFeed;
let communityId: string;
let toEnd: (() => Promise<unknown>)[];

beforeEach(async () => {
  toEnd = [];
  db = await cloneDatabase();
  communityId = (await buildCommunity(db.database)).id;
  feed = await openOutboxFeed(db.database);
});
afterEach(async () => {
  for (const end of toEnd.reverse()) await end();
  await feed.close();
  await db.drop();
});

/** A client that is told of logouts; `told` fills with the sids it was sent. */
async function startClient(respond: RequestListener = (_req, res) => res.end()) {
  const told: string[] = [];
  const server = createServer((req, res) => {
    told.push((req.url as string).slice(1));
    respond(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toEnd.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

function deliveriesTo(url: string): Deliveries {
  return {
    'backchannel-logout': async ({ payload }) => {
      await fetch(`${url}/${payload.sid}`, { method: 'POST' });
      return { state: 'done' };
    },
  };
}

function startWorker(deliveries: Deliveries, concurrency?: number): OutboxWorker {
  const worker = startOutboxWorker(
    { database: db.database, feed, deliveries, log },
    { concurrency },
  );
  toEnd.push(() => worker.stop());
  return worker;
}

async function queue(...sids: string[]): Promise<void> {
  await db.database.transaction((tx) =>
    enqueue(
      tx,
      sids.map((sid) => ({
        kind: 'backchannel-logout',
        communityId,
        payload: { issuer: 'i', clientId: 'wiki', subject: 's', sid },
      })),
    ),
  );
}

async function undone(): Promise<number> {
  const [row] = await db.database.query(
    'SELECT count(*)::int AS n FROM outbox WHERE done_at IS NULL',
  );
  return row.n;
}

/** Until every worker of the test listens for work and has none. */
test('a queued message wakes the worker, long before it would look by itself', async () => {
  const client = await startClient();
  startWorker(deliveriesTo(client.url));
  const start = performance.now();
  for (const sid of ['a', 'b', 'c']) {
    await queue(sid);
    await expect.poll(undone, WAIT).toBe(0);
  }
  expect(client.told).toEqual(['a', 'b', 'c']);
  expect(performance.now() - start).toBeLessThan(8_000);
});

test('workers side by side deliver each message once', async () => {
  const client = await startClient();
  const sids = Array.from({ length: 120 }, (_, i) => `s${i}`);
  await queue(...sids);
  for (let i = 0; i < 3; i += 1) startWorker(deliveriesTo(client.url));
  await expect.poll(undone, WAIT).toBe(0);
  expect(client.told.sort()).toEqual(sids.sort());
});

test('no more than the given number of deliveries are made at once, and a free place is used', async () => {
  let [now, most, started] = [0, 0, 0];
  const waiting: (() => void)[] = [];
  const deliveries: Deliveries = {
    'backchannel-logout': async () => {
      now += 1;
      started += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => waiting.push(resolve));
      now -= 1;
      return { state: 'done' };
    },
  };
  startWorker(deliveries, 3);
  await queue('1', '2', '3', '4', '5', '6', '7');
  for (let released = 0; released < 7; released += 1) {
    await expect.poll(() => started, WAIT).toBe(Math.min(released + 3, 7));
    waiting.shift()?.();
  }
  await expect.poll(undone, WAIT).toBe(0);
  expect(most).toBe(3);
});

test('stopping waits for the delivery in flight, and takes nothing new', async () => {
  let finish = () => {};
  const client = await startClient((_req, res) => {
    finish = () => res.end();
  });
  const worker = startWorker(deliveriesTo(client.url), 1);
  await queue('first', 'second');
  await expect.poll(() => client.told, WAIT).toEqual(['first']);
  const stopped = worker.stop();
  finish();
  await stopped;
  const rows = await db.database.query(
    `SELECT payload ->> 'sid' AS sid, attempts, done_at IS NOT NULL AS done FROM outbox ORDER BY id`,
  );
  expect(rows).toEqual([
    { sid: 'first', attempts: 1, done: true },
    { sid: 'second', attempts: 0, done: false },
  ]);
});

test('a process killed in the middle of a delivery loses nothing: another one delivers', async () => {
  let answers = false;
  const client = await startClient((_req, res) => {
    if (answers) res.end();
  });
  await queue('a');
  const child = spawn(process.execPath, ['--input-type=module', '-e', childSource(client.url)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  toEnd.push(async () => child.kill('SIGKILL'));
  await expect.poll(() => client.told, WAIT).toEqual(['a']);
  child.kill('SIGKILL');
  await exited;

  answers = true;
  startWorker(deliveriesTo(client.url));
  expect(await undone()).toBe(1);
  // The lease of the dead ends now, instead of in a minute.
  await db.database.query(
    `UPDATE outbox SET next_attempt_at = next_attempt_at - $1 * interval '1 millisecond'`,
    [LEASE_MS],
  );
  await queue('b');
  await expect.poll(undone, WAIT).toBe(0);
  expect(client.told.sort()).toEqual(['a', 'a', 'b']);
});

function childSource(url: string): string {
  const src = new URL('../src/', import.meta.url).href;
  return `
    import { openDatabase } from '${src}platform/database/database.ts';
    import { startOutboxWorker } from '${src}platform/outbox/outbox-worker.ts';
    const log = { debug() {}, info() {}, warn: console.error, error: console.error };
    const deliveries = { 'backchannel-logout': async ({ payload }) => {
      await fetch('${url}/' + payload.sid, { method: 'POST' });
      return { state: 'done' };
    } };
    startOutboxWorker({ database: await openDatabase({ url: '${db.url}' }), feed: { on() {} }, deliveries, log });`;
}

test('a database that goes away and comes back is worked with again, and what was delivered meanwhile is not sent twice', async () => {
  let finish = () => {};
  const client = await startClient((req, res) => {
    if (req.url === '/during') finish = () => res.end();
    else res.end();
  });
  let failedWrites = 0;
  const database = {
    ...db.database,
    query: (sql: string, params?: unknown[]) => {
      const answer = db.database.query(sql, params);
      answer.catch(() => (failedWrites += sql.includes('SET done_at') ? 1 : 0));
      return answer;
    },
  } as typeof db.database;
  const worker = startOutboxWorker({ database, feed, deliveries: deliveriesTo(client.url), log });
  toEnd.push(() => worker.stop());
  await queue('during');
  await expect.poll(() => client.told, WAIT).toEqual(['during']);
  await cutOff(true);
  finish();
  await expect.poll(() => failedWrites, WAIT).toBeGreaterThan(0);
  await cutOff(false);
  await expect
    .poll(
      () =>
        queue('after').then(
          () => true,
          () => false,
        ),
      WAIT,
    )
    .toBe(true);
  await expect.poll(undone, WAIT).toBe(0);
  expect(client.told).toEqual(['during', 'after']);
});

/** Ends every connection to the test's database and refuses new ones; or lets them in again. */
async function cutOff(isAway: boolean): Promise<void> {
  const admin = new pg.Client(inject('postgresUrl'));
  await admin.connect();
  try {
    const name = new URL(db.url).pathname.slice(1);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${!isAway}`);
    if (isAway)
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        [name],
      );
  } finally {
    await admin.end();
  }
}
