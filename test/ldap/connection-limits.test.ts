import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { writeCertificate } from '../support/certificate.ts';
import { encodeBind, encodeRequest, encodeSearch } from './support/encode-request.ts';
import { speakLdap } from './support/ldap-client.ts';
import { isServed, searchOf, useLimitedServer } from './support/limited-server.ts';
import { until } from './support/test-server.ts';

const start = useLimitedServer();
const unbind = encodeRequest({ id: 999, request: { kind: 'unbind' }, controls: [] });

describe('the size of a message', () => {
  it('is 64 KiB before somebody is bound, and 512 KiB after it', async () => {
    const at = await start({});
    const client = await at.connect();
    client.send(searchOf(60_000));
    await until(() => client.notices.length === 2);
    await client.bind('cn=a', 'secret');
    client.send(searchOf(500_000));
    await until(() => client.notices.length === 4);
    await client.bind('', '');
    client.send(searchOf(70_000));
    await client.closed;
    expect(client.notices.at(-1)).toMatchObject({ id: 0, result: { code: 2 } });
  });

  it('over the limit ends the connection although nothing of the message has come', async () => {
    const at = await start({});
    const client = await at.connect();
    await client.bind('cn=a', 'secret');
    client.send(Buffer.from([0x30, 0x84, 0, 0x10, 0, 0]));
    await client.closed;
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
  });
});

describe('what waits', () => {
  it('is read until the queue is full: what comes then stays with the client', async () => {
    const at = await start({ queued: 4 });
    const other = await at.connect();
    const send = async (waiting: number) => {
      const client = await at.connect();
      client.bind('wait', 'secret').catch(() => {});
      for (let i = 0; i < waiting; i++) client.send(encodeSearch(900 + i, 'now', '(cn=*)'));
      client.send(unbind);
      await isServed(other);
      await isServed(other);
      return client;
    };
    await (await send(3)).closed;
    const held = await send(4);
    expect(at.connections()).toBe(2);
    at.release('bind wait');
    await held.closed;
    expect(held.notices.filter(({ entry }) => entry === undefined)).toHaveLength(4);
  });

  it('keeps nothing of what came with it', async () => {
    const at = await start({});
    const [client, other] = [await at.connect(), await at.connect()];
    client.bind('wait', 'secret').catch(() => {});
    await at.untilAsked('bind wait');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const abandon = encodeRequest({ id: 1, request: { kind: 'abandon', target: 1 }, controls: [] });
    const abandons = Buffer.concat(Array.from({ length: 7_500 }, () => abandon));
    for (let n = 0; n < 50; n += 1) {
      client.send(Buffer.concat([abandons, encodeBind(900 + n, 'cn=a', 'secret')]));
      await isServed(other);
      await isServed(other);
    }
    collect();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 20_000);
    at.release('bind wait');
    await until(() => client.notices.length === 50);
  });

  it('and is full of small answers that nobody reads is not added to', async () => {
    const at = await start({});
    const greedy = await at.connect();
    greedy.socket.pause();
    const [requests, asked] = [40_000, () => at.asked.length];
    for (let i = 1; i <= requests; i++) greedy.send(encodeSearch(1_000 + i, 'now', '(cn=*)'));
    let seen = -1;
    while (seen !== asked()) {
      seen = asked();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Two times what the kernel holds for loopback; without the bound, all of the 40,000.
    expect(seen).toBeGreaterThan(10);
    expect(seen).toBeLessThan(requests / 2);
    greedy.socket.resume();
    await until(() => asked() === requests);
    await until(() => greedy.notices.length === 2 * requests);
  });
});

describe('turns', () => {
  it.each([1, 20])('%i clients with many requests leave others theirs', async (count) => {
    const at = await start({});
    const greedy = await Promise.all(Array.from({ length: count }, () => at.connect()));
    const other = await at.connect();
    for (const each of [...greedy, other]) await isServed(each);
    const requests = Array.from({ length: 200 }, (_, i) => encodeSearch(900 + i, 'busy', '(cn=*)'));
    for (const each of greedy) each.send(Buffer.concat(requests));
    // By the first of these, all have been heard once; then there is a round before each.
    expect((await other.compare('', 'cn', 'a')).code).toBe(6);
    const before = at.asked.length;
    for (let i = 0; i < 3; i++) await other.compare('', 'cn', 'a');
    expect(at.asked.length - before).toBeLessThan(100);
    expect(at.asked.lastIndexOf('compare')).toBeLessThan(200 * count);
    await until(() => greedy.every(({ notices }) => notices.length === 400));
  });
});

describe('time', () => {
  it('an idle connection is ended with a notice, an anonymous one sooner', async () => {
    const at = await start({ anonymousIdle: 300, boundIdle: 60_000 });
    const [anonymous, bound] = [await at.connect(), await at.connect()];
    await bound.bind('cn=a', 'secret');
    await anonymous.closed;
    expect(anonymous.notices).toMatchObject([{ id: 0, result: { code: 52 } }]);
    expect(await isServed(bound)).toBe(true);
  });

  it('a bound one is ended, too, and one that waits for an answer is not', async () => {
    const at = await start({ anonymousIdle: 300, boundIdle: 300 });
    const [bound, waiting] = [await at.connect(), await at.connect()];
    await bound.bind('cn=a', 'secret');
    waiting.send(encodeSearch(900, 'wait', '(cn=*)'));
    await bound.closed;
    await at.untilAsked('search wait');
    await until(() => at.connections() === 1);
    at.release('search wait');
    await until(() => waiting.notices.length === 2);
  });

  it('a message that does not come to its end is waited for only so long, drop by drop', async () => {
    const at = await start({ message: 300 });
    const client = await at.connect();
    const bytes = searchOf(10_000);
    let sent = 0;
    const dripping = setInterval(() => client.send(bytes.subarray(sent, ++sent)), 20);
    await client.closed;
    clearInterval(dripping);
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
  });

  it('a message that is in part with a client that is not read from is not late', async () => {
    const at = await start({ message: 300, queued: 1 });
    const client = await at.connect();
    const bound = client.bind('wait', 'secret');
    const [one, two] = [searchOf(10), searchOf(20)];
    two.writeUInt8(100, two.indexOf(0x02) + 2);
    client.send(Buffer.concat([one, two.subarray(0, 20)]));
    await at.untilAsked('bind wait');
    // Longer than the limit and than the time between two looks at the clock.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    at.release('bind wait');
    expect((await bound).code).toBe(0);
    client.send(two.subarray(20));
    await until(() => client.notices.length === 4);
  });

  it('a client that reads nothing of a long answer is ended', async () => {
    const at = await start({ stalled: 300 });
    const client = await at.connect();
    client.socket.pause();
    client.send(encodeSearch(900, 'endless', '(cn=*)'));
    await until(() => at.connections() === 0 && at.endless.running === 0);
  });

  it('one that reads slowly, but reads, is not', async () => {
    const at = await start({ stalled: 1_500 });
    const client = await at.connect();
    client.socket.pause();
    client.send(encodeSearch(900, 'endless', '(cn=*)'));
    const started = performance.now();
    while (performance.now() - started < 3_500) {
      client.socket.resume();
      await once(client.socket, 'data');
      client.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(at.connections()).toBe(1);
    client.close();
  });

  it('half a TLS handshake is ended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ldap-limits-'));
    try {
      const tls = await writeCertificate(folder, 'localhost');
      const ldapsListen = { host: '127.0.0.1', port: 0 };
      const at = await start({ handshake: 200 }, { tls, ldapsListen });
      const { port } = at.ldapsAddress as { port: number };
      const silent = connect({ host: '127.0.0.1', port });
      const begun = connect({ host: '127.0.0.1', port });
      begun.write(Buffer.from('16030100c8010000c40303', 'hex'));
      await Promise.all([once(silent.resume(), 'close'), once(begun.resume(), 'close')]);
      const whole = await at.connectSecurely(await readFile(tls.cert, 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await isServed(whole)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the number of connections', () => {
  it('is limited; the one too many is told that the server is busy', async () => {
    const at = await start({ connections: 2 });
    const first = await at.connect();
    await Promise.all([isServed(first), isServed(await at.connect())]);
    const third = await at.connect();
    await third.closed;
    expect(third.notices).toMatchObject([{ id: 0, result: { code: 51 } }]);
    first.close();
    await until(() => at.connections() === 1);
    expect(await isServed(await at.connect())).toBe(true);
  });

  it('one too many for LDAPS is closed, for it would not understand', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ldap-limits-'));
    try {
      const tls = await writeCertificate(folder, 'localhost');
      const at = await start(
        { connections: 0 },
        { tls, ldapsListen: { host: '127.0.0.1', port: 0 } },
      );
      const socket = connect(at.ldapsAddress as { host: string; port: number });
      const bytes: Buffer[] = [];
      socket.on('data', (chunk) => bytes.push(chunk)).on('error', () => {});
      await once(socket, 'close');
      expect(bytes).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('of one address is limited by the address that the proxy tells, and IPv6 by the /64', async () => {
    const proxyProtocolFrom = [ipaddr.parseCIDR('127.0.0.0/8')];
    const at = await start({ connectionsFromAddress: 2 }, { proxyProtocolFrom });
    const from = async (ip: string) => {
      const socket = connect(at.address as { host: string; port: number });
      socket.write(`PROXY TCP${ip.includes(':') ? 6 : 4} ${ip} ${ip} 1 389\r\n`);
      const client = speakLdap(socket);
      const isIn = await isServed(client).catch(() => false);
      return { client, isIn };
    };
    const first = await from('192.0.2.1');
    expect((await from('192.0.2.1')).isIn).toBe(true);
    const third = await from('192.0.2.1');
    expect(third).toMatchObject({ isIn: false, client: { notices: [{ result: { code: 51 } }] } });
    expect((await from('192.0.2.2')).isIn).toBe(true);
    first.client.close();
    await until(() => at.connections() === 2);
    expect((await from('192.0.2.1')).isIn).toBe(true);
    for (const ip of ['2001:db8::1', '2001:db8::2']) expect((await from(ip)).isIn).toBe(true);
    expect((await from('2001:db8::3')).isIn).toBe(false);
    expect((await from('2001:db8:0:1::3')).isIn).toBe(true);
  });

  it('of this machine is not', async () => {
    const at = await start({ connectionsFromAddress: 1 });
    expect(await isServed(await at.connect())).toBe(true);
    expect(await isServed(await at.connect())).toBe(true);
  });
});
