import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionLimits } from '../src/platform/web/connection-limits.ts';
import { Connections } from '../src/platform/web/connections.ts';
import { readBody } from '../src/platform/web/read-body.ts';

// Connections by themselves, with limits that a test can reach. The addresses of 127.0.0.0/8 are networks of
// their own.

let server: Server | undefined;
const clients = new Set<Socket>();
afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  await new Promise((resolve) => server?.close(resolve));
});

type Handler = (req: IncomingMessage, res: ServerResponse, connections: Connections) => unknown;

async function serve(
  limits: Partial<ConnectionLimits>,
  handler: Handler = (_req, res) => res.end('served'),
  trustedProxies: [string, number][] = [],
): Promise<Connections> {
  const connections = new Connections({
    trustedProxies: trustedProxies.map(([ip, bits]) => [ipaddr.parse(ip), bits]),
    log: pino({ level: 'silent' }),
    limits,
  });
  server = connections.createServer((req, res) => handler(req, res, connections));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return connections;
}

/** A client that never ends its own side. */
async function open(text = '', localAddress = '127.0.0.1'): Promise<Client> {
  const { port } = (server as Server).address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  clients.add(socket);
  const client = new Client(socket);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return client;
}

class Client {
  readonly socket: Socket;
  /** The hub's side is gone: it sent its end, or a reset. */
  readonly closed: Promise<unknown>;
  text = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.text += bytes;
    });
    this.closed = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  }

  async answer(): Promise<string> {
    while (!this.text.includes('\r\n\r\n')) {
      const data = new Promise((resolve) => this.socket.once('data', resolve));
      const isClosed = await Promise.race([data.then(() => false), this.closed.then(() => true)]);
      if (isClosed && !this.text.includes('\r\n\r\n')) return 'none';
    }
    return this.text.split('\r\n')[0] ?? '';
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: hub\r\n\r\n';
const SLOW_POST = 'POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000\r\n\r\na';
const readsBody: Handler = (req, res) =>
  readBody(req, 10_000).then(
    () => res.end('served'),
    () => res.destroy(),
  );

/** All that the server still holds is gone. */
async function isEmpty(connections: Connections): Promise<void> {
  while (connections.count > 0) await delay(20);
}

describe('a connection whose client never closes its side', () => {
  const limits = { headers: 300, body: 300, answer: 300, idle: 300 };

  it.each([
    ['when nothing is sent', ''],
    ['in the middle of a request line', 'GET /c/li'],
    ['in the middle of the headers', 'GET / HTTP/1.1\r\nHost: hub\r\nX-A: '],
    ['in the middle of a body', SLOW_POST],
    ['after bytes that are no HTTP', '\x16\x03\x01\x02 what is this\r\n\r\n'],
    ['between two requests', GET],
    ['in the middle of the second request', `${GET}GET / HT`],
  ])('is ended %s', async (_when, text) => {
    const connections = await serve(limits, readsBody);
    const client = await open(text);
    await client.closed;
    await isEmpty(connections);
  });

  it('is ended in the middle of a body of which nobody reads anything', async () => {
    const connections = await serve(limits, () => {});
    const client = await open(SLOW_POST);
    expect(await client.answer()).toContain('408');
    await isEmpty(connections);
  });

  it('is ended in the middle of a body whose answer was given', async () => {
    const connections = await serve(limits);
    const client = await open(SLOW_POST);
    expect(await client.answer()).toContain('200');
    await client.closed;
    await isEmpty(connections);
  });

  it('is ended when the answer is not taken', async () => {
    const connections = await serve(limits, (_req, res) => res.end(Buffer.alloc(20_000_000)));
    const client = await open();
    client.socket.removeAllListeners('data');
    client.socket.pause();
    client.socket.write(GET);
    await isEmpty(connections);
  });

  it('is told why, where it spoke HTTP', async () => {
    await serve(limits, readsBody);
    expect(await (await open('GET / HTTP/1.1\r\nHost: h')).answer()).toContain('408');
    expect(
      await (await open(`GET / HTTP/1.1\r\nCookie: ${'a'.repeat(20_000)}`)).answer(),
    ).toContain('431');
  });
});

describe('connections beyond the limit', () => {
  it('take the place of those that wait longest, so that whoever asks is answered', async () => {
    const connections = await serve({ connections: 3 });
    const waiting = [await open(), await open('GET / HTTP/1.1\r\n'), await open()];
    const asking = await open(GET);
    expect(await asking.answer()).toContain('200');
    await waiting[0]?.closed;
    expect(connections.count).toBe(3);
  });

  it('of one network take no other’s place', async () => {
    await serve({ connectionsFromNetwork: 2 });
    const other = await open('', '127.0.0.2');
    const many = [];
    for (let n = 0; n < 5; n += 1) many.push(await open());
    await Promise.all(many.slice(0, 3).map(({ closed }) => closed));
    other.socket.write(GET);
    expect(await other.answer()).toContain('200');
  });

  it('take the place of one whose request does not come to its end', async () => {
    const connections = await serve({ connectionsFromNetwork: 2, slow: 0 }, readsBody);
    const slow = [await open(SLOW_POST), await open(SLOW_POST)];
    while (connections.requests < 2) await delay(5);
    expect(await (await open(GET)).answer()).toContain('200');
    await slow[0]?.closed;
    slow[1]?.socket.write('a'.repeat(999));
    expect(await slow[1]?.answer()).toContain('200');
  });

  it('are told to come again when all others are being served', async () => {
    const release = Promise.withResolvers<void>();
    const connections = await serve({ connections: 1 }, (_req, res) =>
      release.promise.then(() => res.end('served')),
    );
    const first = await open(GET);
    while (connections.requests < 1) await delay(5);
    const second = await open(GET);
    expect(await second.answer()).toContain('503');
    expect(second.text).toContain('Retry-After: 5');
    release.resolve();
    expect(await first.answer()).toContain('200');
  });

  it('of a trusted proxy are counted in all only', async () => {
    await serve({ connectionsFromNetwork: 1 }, undefined, [['127.0.0.1', 32]]);
    const proxied = [await open(), await open(), await open()];
    for (const client of proxied) client.socket.write(GET);
    for (const client of proxied) expect(await client.answer()).toContain('200');
  });
});

describe('requests at once', () => {
  /** As the edge does: the visitor's address stands in a header. */
  const admitted =
    (work: Promise<void>): Handler =>
    async (req, res, connections) => {
      try {
        connections.admit(req, String(req.headers['x-ip']));
        if (req.method === 'POST') await readBody(req, 10_000);
        else await work;
        res.end('served');
      } catch (error) {
        res.statusCode = (error as Error).name === 'BusyError' ? 503 : 400;
        res.end();
      }
    };
  const from = (ip: string, text = GET) => open(text.replace('Host:', `X-Ip: ${ip}\r\nHost:`));

  it('of one network leave those of another their own, whatever proxy they come through', async () => {
    const release = Promise.withResolvers<void>();
    await serve({ requestsFromNetwork: 2 }, admitted(release.promise), [['127.0.0.1', 32]]);
    const held = [await from('2001:db8::1'), await from('2001:db8::2')];
    expect(await (await from('2001:db8::3')).answer()).toContain('503');
    const other = await from('2001:db8:0:1::1');
    release.resolve();
    expect(await other.answer()).toContain('200');
    for (const client of held) expect(await client.answer()).toContain('200');
    // What was answered is counted no more.
    expect(await (await from('2001:db8::3')).answer()).toContain('200');
  });

  it('let the next one in at the cost of the one whose body does not come', async () => {
    const connections = await serve(
      { requestsFromNetwork: 2, slow: 0 },
      admitted(Promise.resolve()),
    );
    const slow = [await from('192.0.2.1', SLOW_POST), await from('192.0.2.1', SLOW_POST)];
    while (connections.requests < 2) await delay(5);
    expect(await (await from('192.0.2.1')).answer()).toContain('200');
    await slow[0]?.closed;
    slow[1]?.socket.write('a'.repeat(999));
    expect(await slow[1]?.answer()).toContain('200');
  });

  it('are bounded in all', async () => {
    const release = Promise.withResolvers<void>();
    await serve({ requests: 2 }, admitted(release.promise));
    const held = [await from('192.0.2.1'), await from('192.0.2.2')];
    expect(await (await from('192.0.2.3')).answer()).toContain('503');
    release.resolve();
    for (const client of held) expect(await client.answer()).toContain('200');
  });

  it('that were sent before their answers came, and whose client is gone, are counted no more', async () => {
    const connections = await serve({}, admitted(new Promise(() => {})));
    const client = await from('192.0.2.1', GET.repeat(3));
    while (connections.requests < 3) await delay(5);
    client.socket.destroy();
    await isEmpty(connections);
    expect(connections.requests).toBe(0);
  });
});
