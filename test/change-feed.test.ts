import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openChangeFeed } from '../src/platform/database/change-feed.ts';
import { openDatabase } from '../src/platform/database/database.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await cloneDatabase();
});
afterAll(() => db.drop());

/**
 * A way to the database that loses announcements on request and nothing else, as poolers do.
 * PostgreSQL's messages are a letter, the length of the rest, and the rest (protocol 3, §54.1.1).
 */
async function lossyWay(): Promise<{ port: number; lose(): void; server: Server }> {
  let loses = false;
  const { host = '', port = 5432 } = db.database.connection;
  const server = createServer((client) => {
    const upstream = host.startsWith('/')
      ? connect(`${host}/.s.PGSQL.${port}`)
      : connect(port, host);
    let held = Buffer.alloc(0);
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      held = Buffer.concat([held, chunk as Buffer]);
      while (held.length >= 5 && held.length > held.readUInt32BE(1)) {
        const message = held.subarray(0, held.readUInt32BE(1) + 1);
        held = held.subarray(message.length);
        if (!loses || message[0] !== 'A'.charCodeAt(0)) client.write(message);
      }
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    lose: () => {
      loses = true;
    },
    server,
  };
}

test('a feed vouches for nothing once announcements stop arriving, however well the database answers', async () => {
  const way = await lossyWay();
  const { connection } = db.database;
  const errors: string[] = [];
  const feed = await openChangeFeed({
    connection,
    listenConnection: { ...connection, host: '127.0.0.1', port: way.port },
    channels: ['trousseau_sign_in'],
    latestMs: 1_500,
    onError: ({ message }) => errors.push(message),
  });
  const heard: (string | undefined)[] = [];
  feed.on('trousseau_sign_in', (payload) => heard.push(payload));
  await db.database.query(`SELECT pg_notify('trousseau_sign_in', 'before')`);
  await feed.settle();
  expect([heard, feed.isLive()]).toEqual([['before'], true]);

  way.lose();
  await db.database.query(`SELECT pg_notify('trousseau_sign_in', 'after')`);
  // Whoever waits for it is not held up for long, and does not go by it afterwards.
  await feed.settle();
  expect([heard, feed.isLive()]).toEqual([['before'], false]);
  await expect.poll(() => errors, { timeout: 10_000 }).not.toEqual([]);
  expect(errors[0]).toContain('does not arrive over DATABASE_LISTEN_URL');
  await feed.close();
  way.server.close();
});

test('a feed that listens to another database than the one that changes is refused', async () => {
  const elsewhere = await openDatabase({ url: inject('postgresUrl'), poolSize: 1 });
  const opened = openChangeFeed({
    connection: db.database.connection,
    listenConnection: elsewhere.connection,
    channels: [],
    latestMs: 500,
  });
  await expect(opened).rejects.toThrow(/does not arrive over DATABASE_LISTEN_URL/);
  await elsewhere.close();
});

test('a feed that nobody asks stays true: what is announced is heard at once', async () => {
  const feed = await openChangeFeed({ connection: db.database.connection, channels: ['quiet'] });
  const heard: (string | undefined)[] = [];
  feed.on('quiet', (payload) => heard.push(payload));
  await db.database.query(`NOTIFY quiet, 'a'`);
  await expect.poll(() => heard).toEqual(['a']);
  expect(feed.isLive()).toBe(true);
  await feed.close();
  expect(feed.isLive()).toBe(false);
});
