import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import { cloneDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { TEST_SECRET, type TestHub } from '../support/hub.ts';
import { scanResponses } from './support/decode-response.ts';
import { buildLieu, type Lieu, READER_PASSWORD } from './support/directory.ts';
import { element, encodeBind, encodeRequest, encodeSearch } from './support/encode-request.ts';
import { connectLdap, speakLdap } from './support/ldap-client.ts';
import type { Observed } from './support/observer.ts';

/**
 * What clients that mean harm, or know no better, do to a hub that serves LDAP, and to another client that
 * searches meanwhile. ABUSE_SCALE=10 for ten times as many of them; with it, the figures are printed.
 */
const SCALE = Number(process.env.ABUSE_SCALE ?? 1);
const TIMEOUT = 30_000 + 20_000 * SCALE;
const UNBIND = encodeRequest({ id: 2, request: { kind: 'unbind' }, controls: [] });

const secret = TEST_SECRET.replaceAll(/[ ,]/g, '-');
const files = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let port: number;
let lieu: Lieu;
let hub: ChildProcess;
let observer: ChildProcess;
let calm: Observed;
let drop: () => Promise<void>;
const sockets: Socket[] = [];

beforeAll(async () => {
  const clone = await cloneDatabase();
  drop = clone.drop;
  const builder = { ...clone, sealer: createSealer([secret]), app: { settle: async () => {} } };
  lieu = await buildLieu(builder as unknown as TestHub, { slug: 'lamyne' });
  port = await freePort();
  hub = spawn(process.execPath, [files('../support/run-hub.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: clone.url,
      TROUSSEAU_SECRET: secret,
      TROUSSEAU_ROLES: 'ldap',
      TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${port}`,
      LOG_LEVEL: 'fatal',
    },
  });
  await once(hub.stdout as NonNullable<typeof hub.stdout>, 'data');
  observer = fork(files('./support/observer.ts'), [
    String(port),
    lieu.cloud.readerDn,
    READER_PASSWORD,
    lieu.base,
  ]);
  await once(observer, 'message');
  await sleep(500);
  await observed();
  calm = await meanwhile(() => sleep(1_000)).then(({ others }) => others);
  report('nobody else', { others: calm });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  // Whatever was done, the hub lives.
  expect(hub.exitCode).toBeNull();
  const client = await connectLdap({ host: '127.0.0.1', port });
  expect((await client.search('', '(objectClass=*)', { scope: 'base' })).code).toBe(0);
  client.close();
});

afterAll(async () => {
  observer?.disconnect();
  if (hub?.exitCode === null) {
    hub.kill('SIGTERM');
    await once(hub, 'exit');
  }
  await drop?.();
});

async function observed(): Promise<Observed> {
  const answer = once(observer, 'message');
  observer.send('tell');
  const [figures] = await answer;
  return figures as Observed;
}

/** Does something, and tells what another client saw of it, and what memory it took, in MiB. */
async function meanwhile(act: () => Promise<unknown>) {
  const before = await memory();
  await observed();
  const started = performance.now();
  await act();
  const others = await observed();
  const seconds = Math.round(performance.now() - started) / 1_000;
  return { others, seconds, before, after: await memory() };
}

/** Resident memory of the hub's process, in MiB; NaN where the system does not tell. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${hub.pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 102.4) / 10;
}

function report(what: string, figures: object): void {
  if (process.env.ABUSE_SCALE !== undefined) console.info(`${what}: ${JSON.stringify(figures)}`);
}

/** Coarse on purpose: the machine may be busy with other things. */
function expectCalm({ others, seconds }: { others: Observed; seconds: number }): void {
  expect(others.searches).toBeGreaterThanOrEqual(Math.floor(5 * seconds));
  expect(others.p50).toBeLessThan(20 + 20 * calm.p50);
}

/** @param isStubborn goes on sending when the hub has ended the connection */
async function open(isStubborn = false): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: isStubborn });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket.on('error', () => {});
}

async function openBound(isStubborn = false): Promise<Socket> {
  const socket = await open(isStubborn);
  socket.write(encodeBind(1, lieu.cloud.readerDn, READER_PASSWORD));
  await once(socket, 'data');
  return socket;
}

/** Resolves when the kernel took what was written; never, where the connection ends before. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', resolve));
}

/** Runs `act` so many times, `atOnce` of them at a time. */
async function many(count: number, atOnce: number, act: (i: number) => Promise<unknown>) {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

it('two gigabytes declared, and sent as fast as they go, end at the header', async () => {
  const flood = Buffer.alloc(1_048_576);
  let accepted = 0;
  const seen = await meanwhile(async () => {
    for (const socket of [await open(true), await openBound(true)]) {
      const closed = new Promise((resolve) => socket.resume().once('close', resolve));
      socket.write(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]));
      for (let i = 0; i < 64 && !socket.destroyed; i++) {
        if (!socket.write(flood)) await Promise.race([drained(socket), closed]);
      }
      await closed;
      accepted += socket.bytesWritten - socket.writableLength;
    }
  });
  report('2 GB declared', { ...seen, accepted });
  expectCalm(seen);
  // What the kernel takes by itself, and what is dropped so that the notice can be read.
  expect(accepted).toBeLessThan(64 * 1_048_576);
});

it.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
  ['zeros', Buffer.alloc(100)],
])('%s in place of LDAP ends the connection at once', async (_, bytes) => {
  const socket = await open();
  const client = speakLdap(socket);
  socket.write(bytes);
  await client.closed;
  expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
});

it('clients that send one byte at a time are no burden', async () => {
  const bytes = encodeSearch(1, '', `(cn=${'x'.repeat(20_000)})`);
  const senders = await Promise.all(Array.from({ length: 50 * SCALE }, () => open()));
  const seen = await meanwhile(async () => {
    for (let i = 0; i < 500; i++) {
      for (const socket of senders) socket.write(bytes.subarray(i, i + 1));
      await sleep(2);
    }
  });
  report(`${senders.length} clients, one byte at a time`, seen);
  expectCalm(seen);
});

it('a storm of connections that bind and unbind passes', async () => {
  const count = 1_000 * SCALE;
  const request = Buffer.concat([encodeBind(1, '', ''), UNBIND]);
  const seen = await meanwhile(() =>
    many(count, 50, async () => {
      const socket = connect({ host: '127.0.0.1', port });
      let received = 0;
      socket.on('data', ({ length }) => {
        received += length;
      });
      socket.write(request);
      await once(socket, 'close');
      expect(received).toBeGreaterThan(0);
    }),
  );
  report(`${count} connections that bind and unbind`, seen);
  expectCalm(seen);
});

it('filters nested 10,000 deep end the connection, not the process', async () => {
  const headers: Buffer[] = [];
  const innermost = element(0x87, 'cn');
  let size = innermost.length;
  for (let depth = 0; depth < 10_000; depth++) {
    const header = element(0xa2, Buffer.alloc(size)).subarray(0, -size);
    headers.push(header);
    size += header.length;
  }
  const filter = Buffer.concat([...headers.reverse(), innermost]);
  const shallow = encodeSearch(1, '', '(cn=*)');
  const at = shallow.lastIndexOf(innermost);
  const request = shallow.subarray(shallow.indexOf(0x63) + 2);
  const search = element(
    0x63,
    request.subarray(0, request.lastIndexOf(innermost)),
    filter,
    shallow.subarray(at + innermost.length),
  );
  const message = element(0x30, Buffer.from([2, 1, 1]), search);
  const seen = await meanwhile(() =>
    many(20 * SCALE, 5, async () => {
      const client = speakLdap(await open());
      client.send(message);
      await client.closed;
      expect(client.notices).toMatchObject([
        { result: { code: 2, message: expect.stringContaining('filter') } },
      ]);
    }),
  );
  report(`${20 * SCALE} filters nested 10,000 deep (${message.length} bytes)`, seen);
  expectCalm(seen);
});

it(
  'idle connections cost little memory, and others no time',
  async () => {
    const count = 1_000 * SCALE;
    const whoAmI = encodeRequest({
      id: 1,
      request: { kind: 'extended', oid: '1.3.6.1.4.1.4203.1.11.3', value: undefined },
      controls: [],
    });
    const before = await memory();
    await many(count, 50, async () => {
      const socket = await open();
      socket.write(whoAmI);
      await once(socket, 'data');
    });
    await sleep(1_000);
    const seen = await meanwhile(() => sleep(2_000));
    const kibEach = Math.round(((seen.after - before) / count) * 10_240) / 10;
    report(`${count} idle connections`, { ...seen, before, kibEach });
    expectCalm(seen);
    if (!Number.isNaN(before)) expect(seen.after).toBeLessThan(3 * before + 0.1 * count);
  },
  TIMEOUT,
);

it(
  'clients that ask for everything and never read take a bounded memory',
  async () => {
    const greedy = await Promise.all(Array.from({ length: 5 * SCALE }, () => openBound()));
    const search = encodeSearch(7, lieu.base, '(objectClass=*)', { attributes: ['*', '+'] });
    let asked = 0;
    const seen = await meanwhile(async () => {
      const until = performance.now() + 3_000;
      const flood = async (socket: Socket) => {
        socket.pause();
        for (let i = 65_536; performance.now() < until; i++) {
          asked += 1;
          const isTaken = socket.write(withId(search, i));
          // While the kernel takes all there is, the other floods would wait for this one.
          if (i % 100 === 0) await setImmediate();
          if (!isTaken) await Promise.race([drained(socket), sleep(until - performance.now())]);
        }
      };
      await Promise.all(greedy.map(flood));
    });
    // They were served as far as they read, and still are.
    for (const socket of greedy) {
      const [bytes] = await once(socket.resume(), 'data');
      expect(bytes.includes(Buffer.from(lieu.base))).toBe(true);
      socket.pause();
    }
    report(`${greedy.length} clients that asked ${asked} times for everything, unread`, seen);
    expectCalm(seen);
    if (!Number.isNaN(seen.before)) expect(seen.after).toBeLessThan(1.7 * seen.before);
  },
  TIMEOUT,
);

it(
  '10,000 requests at once on one connection are all answered, and others meanwhile',
  async () => {
    const count = 10_000;
    const answered = new Set<number>();
    const seen = await meanwhile(() =>
      many(SCALE, 1, async () => {
        const socket = await openBound();
        answered.clear();
        const requests = Array.from({ length: count }, (_, i) =>
          encodeSearch(i + 8, lieu.base, '(uid=alice)'),
        );
        const done = new Promise<void>((resolve) => {
          let rest = Buffer.alloc(0);
          socket.on('data', (bytes) => {
            rest = Buffer.concat([rest, bytes]);
            const read = scanResponses(rest, (id, tag, code) => {
              if (tag === 0x65 && code === 0) answered.add(id);
            });
            rest = rest.subarray(read);
            if (answered.size === count) resolve();
          });
        });
        socket.write(Buffer.concat(requests));
        await done;
      }),
    );
    expect(answered.size).toBe(count);
    report(`${SCALE} times ${count} requests at once`, seen);
    expectCalm(seen);
    // Others have their turn while it lasts, not after it.
    expect(seen.others.worst).toBeLessThan(50 + 500 * seen.seconds);
  },
  TIMEOUT,
);

/** The same request under another message id, of three octets. */
function withId(request: Buffer, id: number): Buffer {
  const body = request.subarray(request.indexOf(0x63));
  return element(0x30, element(0x02, Buffer.from([id >> 16, (id >> 8) & 255, id & 255])), body);
}
