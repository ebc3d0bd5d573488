import { connect } from 'node:net';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { encodeSearch } from './support/encode-request.ts';
import { type LdapClient, speakLdap } from './support/ldap-client.ts';
import { isServed, searchOf, useLimitedServer } from './support/limited-server.ts';
import { until } from './support/test-server.ts';

const start = useLimitedServer();

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
