import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import ipaddr from 'ipaddr.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { LdapServerOptions } from '../../src/protocols/ldap/connection/ldap-server.ts';
import type { LdapLimits } from '../../src/protocols/ldap/connection/limits.ts';
import { writeCertificate } from '../support/certificate.ts';
import { encodeBind, encodeRequest, encodeSearch } from './support/encode-request.ts';
import { type LdapClient, speakLdap } from './support/ldap-client.ts';
import { aboutMe, startTestServer, type TestServer, until } from './support/test-server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(
  limits: Partial<LdapLimits>,
  options: Partial<LdapServerOptions<{ name: string }>> = {},
) {
  server = await startTestServer({ ...options, limits: { stopping: 200, ...limits } });
  return server;
}
const isServed = async (client: LdapClient) => (await aboutMe(client)).ip !== '';
/** A search whose message is about so many bytes long. */
const searchOf = (bytes: number) => encodeSearch(900, 'now', `(cn=${'x'.repeat(bytes)})`);
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

describe('what all connections hold', () => {
  const MB = 1_048_576;
  /** All but the last byte of a request of 60 KB. */
  const most = searchOf(60_000).subarray(0, -1);
  const rest = searchOf(60_000).subarray(-1);
  const isHeard = async (client: LdapClient) => {
    const before = client.notices.length;
    client.send(rest);
    await until(() => client.notices.length === before + 2);
    return true;
  };

  /** How many of these are held together. */
  const fit = Math.floor(MB / 60_000);
  const isEnded = ({ notices }: LdapClient) => notices.length > 0;
  /** Sends it when the client is heard, so that those before it were. */
  const sendMost = async (client: LdapClient) => {
    expect(await isServed(client)).toBe(true);
    client.send(most);
  };
  async function startBehindProxy() {
    const proxyProtocolFrom = [ipaddr.parseCIDR('127.0.0.0/8')];
    const at = await start({ heldBytes: MB }, { proxyProtocolFrom });
    const from = (ip: string) => {
      const socket = connect(at.address as { host: string; port: number });
      socket.write(`PROXY TCP${ip.includes(':') ? 6 : 4} ${ip} ${ip} 1 389\r\n`);
      return speakLdap(socket);
    };
    return { from };
  }

  it('of unfinished requests is bounded: who would hold more is told that the server is busy', async () => {
    const at = await start({ heldBytes: MB });
    const other = await at.connect();
    const clients = await Promise.all(Array.from({ length: 60 }, () => at.connect()));
    for (const client of clients) {
      client.send(most);
      expect(await isServed(other)).toBe(true);
    }
    await until(() => at.connections() <= 1 + MB / 60_000);
    const ended = clients.filter(({ notices }) => notices.length > 0);
    expect(ended.length).toBeGreaterThanOrEqual(60 - MB / 60_000);
    for (const { notices } of ended)
      expect(notices).toMatchObject([{ id: 0, result: { code: 51 } }]);
    // Those who stay are heard to the end, and make room with it.
    const stayed = clients.filter((client) => !ended.includes(client));
    expect(stayed.length).toBeGreaterThan(10);
    for (const client of stayed) expect(await isHeard(client)).toBe(true);
    const last = await at.connect();
    last.send(most);
    expect(await isServed(other)).toBe(true);
    expect(await isHeard(last)).toBe(true);
  });

  it('is taken back from the network that holds most', async () => {
    const { from } = await startBehindProxy();
    const single = from('192.0.2.1');
    single.send(most);
    const greedy = Array.from({ length: 50 }, () => from('192.0.2.2'));
    for (const each of greedy) each.send(most);
    await until(() => greedy.filter(isEnded).length >= 50 - (fit - 1));
    const late = from('192.0.2.3');
    await sendMost(late);
    for (let n = 0; n < 3; n += 1) await sendMost(from('192.0.2.2'));
    expect([await isHeard(single), await isHeard(late)]).toEqual([true, true]);
  });

  it('is taken back from the neighbourhood that holds most, however many networks it has', async () => {
    const { from } = await startBehindProxy();
    const household = Array.from({ length: 3 }, () => from('2001:db8:1::1'));
    for (const each of household) await sendMost(each);
    const greedy = Array.from({ length: 50 }, (_, n) => from(`2001:db8:2:${n}::1`));
    for (const each of greedy) await sendMost(each);
    await until(() => greedy.filter(isEnded).length >= 50 - (fit - 3));
    for (const each of household) expect(await isHeard(each)).toBe(true);
    expect(greedy.filter((each) => !isEnded(each)).length).toBeGreaterThan(fit - 8);
  });

  it('is taken back from who is not bound, and then from who is', async () => {
    const { from } = await startBehindProxy();
    const bound = Array.from({ length: 5 }, () => from('192.0.2.1'));
    for (const each of bound) {
      await each.bind('cn=a', 'secret');
      await sendMost(each);
    }
    const anonymous = Array.from({ length: 40 }, (_, n) => from(`10.${n}.0.1`));
    for (const each of anonymous) await sendMost(each);
    await until(() => anonymous.filter(isEnded).length >= 40 - (fit - 5));
    expect(bound.filter(isEnded)).toEqual([]);
    for (let n = 0; n < 30; n += 1) {
      const each = from('192.0.2.1');
      await each.bind('cn=a', 'secret');
      await sendMost(each);
      bound.push(each);
    }
    await until(() => bound.filter(isEnded).length >= 35 - fit);
    expect(anonymous.filter((each) => !isEnded(each))).toEqual([]);
  });

  it('is taken back until a tenth is free, so that not all are looked at for each that comes', async () => {
    const { from } = await startBehindProxy();
    const clients = Array.from({ length: fit + 1 }, () => from('192.0.2.1'));
    for (const each of clients) await sendMost(each);
    await until(() => clients.filter(isEnded).length >= 2);
  });

  it('of requests that wait behind others counts, too', async () => {
    const at = await start({ heldBytes: MB });
    const other = await at.connect();
    const clients = await Promise.all([at.connect(), at.connect(), at.connect()]);
    for (const client of clients) {
      client.bind('wait', 'secret').catch(() => {});
      for (let n = 0; n < 10; n += 1) {
        const request = encodeSearch(900, 'x'.repeat(60_000), '(cn=*)');
        request.writeUInt8(100 + n, request.indexOf(0x02) + 2);
        client.send(request);
      }
    }
    const notices = () => clients.flatMap((client) => client.notices);
    await until(() => notices().length === 2 && at.connections() === 2);
    expect(notices().map(({ id, result }) => [id, result?.code])).toEqual([
      [0, 51],
      [0, 51],
    ]);
    expect(await isServed(other)).toBe(true);
    at.release('bind wait');
    await until(() => notices().length === 2 + 2 * 10);
  });

  it('is counted as what requests take once they were read, which may be forty times what came', async () => {
    const at = await start({ heldBytes: 4 * MB });
    const other = await at.connect();
    const empty = { oid: '', critical: false, value: Buffer.alloc(0) };
    const controls = Array.from({ length: 32 }, () => empty);
    const clients = await Promise.all(Array.from({ length: 12 }, () => at.connect()));
    for (const client of clients) {
      expect(await isServed(client)).toBe(true);
      client.bind('wait', 'secret').catch(() => {});
      // 0.8 KB each as they come, and 30 KB in memory: of all of them, 0.3 and 11 MB.
      for (let id = 900; id < 930; id += 1)
        client.send(encodeSearch(id, 'now', `(&${'(&)'.repeat(298)})`, { controls }));
    }
    const ended = () => clients.filter(({ notices }) => notices[0]?.result?.code === 51).length;
    await until(() => ended() >= 8);
    expect(await isServed(other)).toBe(true);
    expect(ended()).toBeLessThan(11);
    at.release('bind wait');
  });

  it('of answers that nobody reads is bounded, and others are answered', async () => {
    const at = await start({ heldBytes: MB / 2 });
    const other = await at.connect();
    for (let n = 0; n < 40; n += 1) {
      const greedy = await at.connect();
      greedy.socket.pause();
      greedy.send(encodeSearch(900, 'endless', '(cn=*)'));
    }
    // Each of them holds 32 KB at the least, once the kernel takes no more.
    await until(() => at.connections() <= 17 && at.endless.running <= 16);
    expect(await isServed(other)).toBe(true);
    expect((await other.search('now', '(cn=*)')).entries).toHaveLength(1);
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
