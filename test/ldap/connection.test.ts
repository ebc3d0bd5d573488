import { afterEach, describe, expect, it } from 'vitest';
import type { LdapServerOptions } from '../../src/protocols/ldap/connection/ldap-server.ts';
import type { Request } from '../../src/protocols/ldap/protocol/message.ts';
import { TAG } from '../../src/protocols/ldap/protocol/message.ts';
import { encodeBind, encodeRequest, encodeSearch } from './support/encode-request.ts';
import type { LdapClient } from './support/ldap-client.ts';
import {
  ABOUT_ME,
  aboutMe,
  KNOWN_CONTROL,
  START_TLS,
  startTestServer,
  type TestServer,
  until,
} from './support/test-server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(options: Partial<LdapServerOptions<{ name: string }>> = {}) {
  server = await startTestServer({ ...options, limits: { stopping: 200, ...options.limits } });
  return server;
}
/** A server, and a client of it. */
async function meet(options: Partial<LdapServerOptions<{ name: string }>> = {}) {
  const at = await start(options);
  return { at, client: await at.connect() };
}
const search = (base: string): Request => ({
  kind: 'search',
  base,
  scope: 'base',
  sizeLimit: 0,
  timeLimit: 0,
  typesOnly: false,
  filter: { type: 'present', attribute: 'objectClass' },
  attributes: [],
});
const abandon = (id: number, target: number) =>
  encodeRequest({ id, request: { kind: 'abandon', target }, controls: [] });
const bindRequest = (name: string): Request => ({
  kind: 'bind',
  version: 3,
  name,
  auth: { simple: Buffer.from('secret') },
});
const isAlive = async (client: LdapClient) => (await client.request(search('now'))).code === 0;
/** By the second answer on another connection, what was sent before on any is read. */
async function untilRead(at: TestServer): Promise<void> {
  const other = await at.connect();
  // What is refused for its control is asked of nobody.
  const critical = [{ oid: '1.9.9', critical: true, value: undefined }];
  for (let n = 0; n < 2; n += 1)
    expect((await other.request(search('now'), critical)).code).toBe(12);
}
/** Ids of what was answered to bytes that were sent as they are. */
const ids = ({ notices }: LdapClient) =>
  notices.filter(({ entry }) => entry === undefined).map(({ id }) => id);

describe('answers (row 1)', () => {
  it.each<[string, Request, number, number]>([
    ['bind', bindRequest('cn=a'), TAG.bindResponse, 0],
    ['search', search('now'), TAG.searchResultDone, 0],
    [
      'compare',
      { kind: 'compare', entry: '', attribute: 'cn', value: 'a' },
      TAG.compareResponse,
      6,
    ],
    ['extended', { kind: 'extended', oid: ABOUT_ME, value: undefined }, TAG.extendedResponse, 0],
    ['modify', { kind: 'modify' }, TAG.modifyResponse, 53],
    ['add', { kind: 'add' }, TAG.addResponse, 53],
    ['del', { kind: 'del' }, TAG.delResponse, 53],
    ['modifyDn', { kind: 'modifyDn' }, TAG.modifyDnResponse, 53],
  ])('%s is answered with the response of its own kind', async (_, request, tag, code) => {
    const { client } = await meet();
    expect(await client.request(request)).toMatchObject({ tag, code });
  });

  it('an unknown extended operation gives protocolError, and the connection goes on', async () => {
    const { client } = await meet();
    const answer = await client.extended('1.3.6.1.4.1.99999.1');
    expect(answer).toMatchObject({ tag: TAG.extendedResponse, code: 2 });
    expect(await isAlive(client)).toBe(true);
  });

  it('Abandon of something unknown is not answered', async () => {
    const { client } = await meet();
    client.send(abandon(900, 899));
    expect(await isAlive(client)).toBe(true);
    expect(client.notices).toEqual([]);
  });

  it('Unbind is not answered: the connection is closed, and what ran is dropped', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'endless', '(cn=*)'));
    await at.untilAsked('search endless');
    client.send(encodeRequest({ id: 901, request: { kind: 'unbind' }, controls: [] }));
    await client.closed;
    expect(ids(client)).toEqual([]);
    await until(() => at.endless.running === 0);
  });
});

describe('Abandon', () => {
  it('stops a search that runs, without a result', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'endless', '(cn=*)'));
    await until(() => client.notices.length > 10);
    client.send(abandon(901, 900));
    await until(() => at.endless.running === 0);
    expect(await isAlive(client)).toBe(true);
    expect(ids(client)).toEqual([]);
  });

  it('keeps back the answer of an operation that did not notice', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'wait', '(cn=*)'));
    await at.untilAsked('search wait');
    client.send(abandon(901, 900));
    expect(await isAlive(client)).toBe(true);
    at.release('search wait');
    expect(await isAlive(client)).toBe(true);
    expect(client.notices).toEqual([]);
  });

  it('removes an operation that waits its turn', async () => {
    const { at, client } = await meet();
    const bound = client.request(bindRequest('wait'));
    client.send(Buffer.concat([encodeSearch(900, 'queued', '(cn=*)'), abandon(901, 900)]));
    await at.untilAsked('bind wait');
    await untilRead(at);
    at.release('bind wait');
    expect((await bound).code).toBe(0);
    expect(await isAlive(client)).toBe(true);
    expect(at.asked).toEqual(['bind wait', 'search now']);
  });

  it('does nothing to a bind, be it running or waiting', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'wait', '(cn=*)'));
    client.send(Buffer.concat([encodeBind(901, 'wait', 'secret'), abandon(902, 901)]));
    await at.untilAsked('search wait');
    at.release('search wait');
    await at.untilAsked('bind wait');
    client.send(abandon(903, 901));
    await untilRead(at);
    at.release('bind wait');
    await until(() => ids(client).length === 2);
    expect(ids(client)).toEqual([900, 901]);
    expect((await aboutMe(client)).name).toBe('wait');
  });
});

describe('controls (row 2)', () => {
  const unknown = (critical: boolean) => [{ oid: '1.9.9', critical, value: undefined }];
  const kinds: Request[] = [
    bindRequest('cn=a'),
    search('now'),
    { kind: 'compare', entry: '', attribute: 'cn', value: 'a' },
    { kind: 'extended', oid: ABOUT_ME, value: undefined },
    { kind: 'modify' },
    { kind: 'add' },
    { kind: 'del' },
    { kind: 'modifyDn' },
  ];
  it.each(kinds)('$kind: 12 for an unknown critical one, before anything is done', async (kind) => {
    const { at, client } = await meet();
    expect((await client.request(kind, unknown(true))).code).toBe(12);
    expect(at.asked).toEqual([]);
    expect((await client.request(kind, unknown(false))).code).not.toBe(12);
  });

  it('a known one is for its own kind of operation only', async () => {
    const { client } = await meet();
    const known = [{ oid: KNOWN_CONTROL, critical: true, value: undefined }];
    expect((await client.request(search('now'), known)).code).toBe(0);
    expect((await client.request({ kind: 'del' }, known)).code).toBe(12);
  });

  it('Abandon and Unbind do what they do whatever controls they carry', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'endless', '(cn=*)'));
    await at.untilAsked('search endless');
    const controls = unknown(true);
    client.send(encodeRequest({ id: 901, request: { kind: 'abandon', target: 900 }, controls }));
    await until(() => at.endless.running === 0);
    client.send(encodeRequest({ id: 902, request: { kind: 'unbind' }, controls }));
    await client.closed;
    expect(ids(client)).toEqual([]);
  });

  it('a bind that is refused for its control leaves the connection anonymous (row 22)', async () => {
    const { client } = await meet();
    await client.bind('cn=a', 'secret');
    expect((await client.request(bindRequest('cn=b'), unknown(true))).code).toBe(12);
    expect((await aboutMe(client)).name).toBe('');
  });
});

describe('binds', () => {
  it('one that fails leaves the connection anonymous (row 22)', async () => {
    const { client } = await meet();
    await client.bind('cn=a', 'secret');
    expect((await aboutMe(client)).name).toBe('cn=a');
    expect((await client.bind('bad', 'secret')).code).toBe(49);
    expect((await aboutMe(client)).name).toBe('');
  });

  it('one waits for what runs, and what follows waits for it', async () => {
    const { at, client } = await meet();
    const first = client.request(search('wait 1'));
    const bound = client.request(bindRequest('wait bind'));
    const later = aboutMe(client);
    await at.untilAsked('search wait 1');
    await untilRead(at);
    expect(at.asked).toEqual(['search wait 1']);
    at.release('search wait 1');
    await first;
    await at.untilAsked('bind wait bind');
    expect(at.asked).toEqual(['search wait 1', 'bind wait bind']);
    at.release('bind wait bind');
    await bound;
    expect((await later).name).toBe('wait bind');
  });
});

describe('pipelining (row 22)', () => {
  it('eight operations run at once, a ninth when one is done, and each is answered', async () => {
    const { at, client } = await meet();
    const names = Array.from({ length: 9 }, (_, i) => `wait ${i}`);
    const answers = names.map((name) => client.request(search(name)));
    await at.untilAsked('search wait 7');
    await untilRead(at);
    expect(at.asked).toHaveLength(8);
    at.release('search wait 5');
    expect((await answers[5])?.entries[0]?.dn).toBe('wait 5');
    await at.untilAsked('search wait 8');
    for (const name of names) at.release(`search ${name}`);
    expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(Array(9).fill(0));
  });

  it('an operation is answered while another one takes its time', async () => {
    const { at, client } = await meet();
    const slow = client.request(search('wait'));
    await at.untilAsked('search wait');
    expect(await isAlive(client)).toBe(true);
    at.release('search wait');
    expect((await slow).code).toBe(0);
  });
});

describe('message ids', () => {
  it.each(['wait', 'queued'])('one that is in use (%s) ends the connection', async (base) => {
    const { at, client } = await meet({ limits: { running: 1 } });
    client.send(encodeSearch(900, 'wait', '(cn=*)'));
    if (base === 'queued') client.send(encodeSearch(901, base, '(cn=*)'));
    await at.untilAsked('search wait');
    client.send(encodeSearch(base === 'queued' ? 901 : 900, 'now', '(cn=*)'));
    await client.closed;
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
  });

  it('one may come again once its operation was answered or abandoned', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'now', '(cn=*)'));
    await until(() => ids(client).length === 1);
    client.send(encodeSearch(900, 'wait', '(cn=*)'));
    await at.untilAsked('search wait');
    client.send(abandon(901, 900));
    expect(await isAlive(client)).toBe(true);
    client.send(encodeSearch(900, 'now', '(cn=*)'));
    await until(() => ids(client).length === 2);
    expect(ids(client)).toEqual([900, 900]);
  });

  it('0 is the server’s own', async () => {
    const { client } = await meet();
    client.send(encodeSearch(0, 'now', '(cn=*)'));
    await client.closed;
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
  });
});

describe('a handler that throws', () => {
  it.each(['throw', 'reject'])('(%s) ends the operation with 80, and nothing else', async (how) => {
    const { at, client } = await meet();
    const other = client.request(search('wait'));
    const answer = await client.request(search(how));
    expect(answer).toMatchObject({ tag: TAG.searchResultDone, code: 80 });
    expect(answer.message).not.toContain('fault of the handler');
    expect(at.log.join()).toContain('a fault of the handler');
    at.release('search wait');
    expect((await other).code).toBe(0);
  });
});

describe('notices of disconnection (row 3)', () => {
  it('a fault of the protocol is told, after the answers to what came before it', async () => {
    const { client } = await meet();
    client.send(Buffer.concat([encodeSearch(900, 'now', '(cn=*)'), Buffer.from('GET / HTTP/1.1')]));
    await client.closed;
    expect(ids(client)).toEqual([900, 0]);
    expect(client.notices.at(-1)).toMatchObject({
      tag: TAG.extendedResponse,
      result: { code: 2, responseName: '1.3.6.1.4.1.1466.20036' },
    });
  });

  it('is read also by a client that goes on sending', async () => {
    const { client } = await meet();
    client.socket.pause();
    // A connection closed with bytes unread is reset: the client's next bytes would end it unread.
    for (let i = 0; i < 20; i++) {
      client.send(Buffer.alloc(10_000, 'x'));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    client.socket.resume();
    await client.closed;
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
  });

  it('a stopping server tells 52 to those who ask nothing, and lets what runs end first', async () => {
    const { at, client } = await meet({ limits: { stopping: 5_000 } });
    const idle = await at.connect();
    const answer = client.request(search('wait'));
    const queued = client.request(bindRequest('cn=a'));
    await at.untilAsked('search wait');
    // It has been let in, too.
    await untilRead(at);
    const stopped = at.stop();
    await idle.closed;
    expect(idle.notices).toMatchObject([{ id: 0, result: { code: 52 } }]);
    expect(client.notices).toEqual([]);
    client.send(encodeSearch(900, 'too late', '(cn=*)'));
    // Time enough to be read, if anybody read.
    await new Promise((resolve) => setTimeout(resolve, 50));
    at.release('search wait');
    expect((await answer).code).toBe(0);
    expect((await queued).code).toBe(0);
    expect(at.asked).not.toContain('search too late');
    await client.closed;
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 52 } }]);
    await stopped;
  });

  it('an operation that does not end in time is not waited for', async () => {
    const { at, client } = await meet({ limits: { stopping: 50 } });
    const answer = client.request(search('wait')).catch((error: Error) => error.message);
    await at.untilAsked('search wait');
    await at.stop();
    await client.closed;
    expect(client.notices).toMatchObject([{ id: 0, result: { code: 52 } }]);
    expect(await answer).toBe('the connection was closed');
    await expect(at.connect()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a client that goes away', () => {
  it('in the midst of a long answer ends its search, and not the process', async () => {
    const { at, client } = await meet();
    client.socket.pause();
    client.send(encodeSearch(900, 'endless', '(cn=*)'));
    await until(() => at.endless.written > 1_000);
    client.close();
    await until(() => at.endless.running === 0 && at.connections() === 0);
    // What nobody caught would have ended the process by now; the test runner reports it.
    await new Promise(setImmediate);
    expect(at.log.join()).not.toContain('failed');
    expect(await isAlive(await at.connect())).toBe(true);
  });

  it('has its operations know that nobody waits for them', async () => {
    const { at, client } = await meet();
    client.send(encodeSearch(900, 'wait and look', '(cn=*)'));
    await at.untilAsked('search wait and look');
    client.socket.resetAndDestroy();
    await until(() => at.connections() === 0);
    at.release('search wait and look');
    await at.untilAsked('abandoned');
  });

  it('while its bind is checked leaves nothing behind', async () => {
    const { at, client } = await meet();
    client.bind('wait', 'secret').catch(() => {});
    await at.untilAsked('bind wait');
    client.close();
    await until(() => at.connections() === 0);
    at.release('bind wait');
    expect(await isAlive(await at.connect())).toBe(true);
  });
});

it('StartTLS without a certificate is an unknown extended operation', async () => {
  const { client } = await meet();
  expect(await client.extended(START_TLS)).toMatchObject({ tag: TAG.extendedResponse, code: 2 });
  expect(await isAlive(client)).toBe(true);
});

it('an answer in two packets takes as long as one in one packet (TCP_NODELAY)', async () => {
  const { client } = await meet();
  const median = async (base: string) => {
    const times: number[] = [];
    for (let i = 0; i < 31; i++) {
      const started = performance.now();
      await client.request(search(base));
      times.push(performance.now() - started);
    }
    return times.sort((a, b) => a - b)[15] as number;
  };
  // Nagle's algorithm holds the second one back until the first is acknowledged, which takes 40 ms.
  const whole = await median('now');
  expect(await median('split')).toBeLessThan(10 + 5 * whole);
});
