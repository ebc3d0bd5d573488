import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import ipaddr from 'ipaddr.js';
import { afterEach, expect, test } from 'vitest';
import { isAllowedAddress } from '../src/platform/outbound/address-policy.ts';
import { createOutbound, type Outbound } from '../src/platform/outbound/outbound.ts';

const LOOPBACK = [ipaddr.parseCIDR('127.0.0.0/8'), ipaddr.parseCIDR('::1/128')];
const toClose: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

function outboundTo(privateNetworks = LOOPBACK): Outbound {
  const outbound = createOutbound({ privateNetworks });
  toClose.push(() => outbound.close());
  return outbound;
}

/** A server on the loopback; `requests` fills with what reached it. */
async function serve(listener: RequestListener) {
  const requests: string[] = [];
  const server = createServer((req, res) => {
    requests.push(`${req.method} ${req.url}`);
    listener(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toClose.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, requests };
}

test.each([
  '127.0.0.1',
  '127.8.8.8',
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '::ffff:168.63.129.16',
  '::ffff:a83f:8110',
  '64:ff9b::a83f:8110',
  '64:ff9b:1::a83f:8110',
  '2002:a83f:8110::1',
  '::168.63.129.16',
  '::ffff:0:168.63.129.16',
  '2001:0:a83f:8110::',
  '100.100.100.200',
  '192.0.0.192',
  '192.80.8.124',
  'fd00:ec2::254',
  'fd20:ce::254',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fec0::1',
  'fc00::1',
  'fd12::1',
  'ff02::1',
  '2001:db8::1',
  '100::1',
  '4000::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a00:1',
  '64:ff9b:1::808:808',
  '2002:7f00:1::',
  '2002:808:808::1',
  '2001:0:7f00:1::',
  'fe80::1%lo',
  'localhost',
  '',
])('the address %s is out of reach', (address) => {
  expect(isAllowedAddress(address, [])).toBe(false);
});

test.each([
  '8.8.8.8',
  '172.15.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
])('the public address %s may be reached', (address) => {
  expect(isAllowedAddress(address, [])).toBe(true);
});

test('the operator opens networks one by one, whatever form the address takes', () => {
  const ten = [ipaddr.parseCIDR('10.0.0.0/8')];
  expect(isAllowedAddress('10.1.2.3', ten)).toBe(true);
  expect(isAllowedAddress('::ffff:10.1.2.3', ten)).toBe(true);
  expect(isAllowedAddress('127.0.0.1', ten)).toBe(false);
  expect(isAllowedAddress('fd00::1', ten)).toBe(false);
  expect(isAllowedAddress('fd00::1', [ipaddr.parseCIDR('fd00::/8')])).toBe(true);
});

test('what clouds tell machines is reached only where it is named by itself', () => {
  const wide = ['0.0.0.0/0', '::/0', '168.63.0.0/16', '100.64.0.0/10', 'fd00::/8'].map((network) =>
    ipaddr.parseCIDR(network),
  );
  const places = ['169.254.169.254', '168.63.129.16', '100.100.100.200', 'fd00:ec2::254'];
  for (const address of [...places, '::ffff:168.63.129.16', '64:ff9b::a9fe:a9fe']) {
    expect([address, isAllowedAddress(address, wide)]).toEqual([address, false]);
  }
  // The rest of what was opened is.
  for (const address of ['10.0.0.1', '100.64.0.1', 'fd00:1::1']) {
    expect([address, isAllowedAddress(address, wide)]).toEqual([address, true]);
  }
  const named = places.map((place) =>
    ipaddr.parseCIDR(`${place}/${place.includes(':') ? 128 : 32}`),
  );
  for (const address of places) expect(isAllowedAddress(address, named)).toBe(true);
});

test('a form is posted and the answer is given back', async () => {
  let received = '';
  const server = await serve(async (req, res) => {
    for await (const chunk of req) received += chunk;
    res.writeHead(204, { 'retry-after': '7', 'x-type': req.headers['content-type'] }).end();
  });
  const answer = await outboundTo().post(`${server.url}/logout?a=b`, { logout_token: 'x.y z' });
  expect(answer).toMatchObject({ status: 204, body: '' });
  expect(answer.headers.get('retry-after')).toBe('7');
  expect(answer.headers.get('x-type')).toMatch(/^application\/x-www-form-urlencoded/);
  expect(received).toBe('logout_token=x.y+z');
  expect(server.requests).toEqual(['POST /logout?a=b']);
});

test('the loopback is refused by address, by odd spellings of it, and by names that lead to it', async () => {
  const server = await serve((_req, res) => res.end());
  const outbound = outboundTo([]);
  for (const host of [
    '127.0.0.1',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    'LOCALHOST',
  ]) {
    const url = `http://${host}:${server.port}/`;
    const refused = {
      name: 'AddressRefusedError',
      message: expect.stringContaining('TROUSSEAU_PRIVATE_NETWORKS'),
    };
    await expect(outbound.post(url, {}), host).rejects.toMatchObject(refused);
    await expect(outbound.fetch(url), host).rejects.toMatchObject(refused);
  }
  expect(server.requests).toEqual([]);
  // The name is good where the operator opened the network.
  expect((await outboundTo().post(`http://localhost:${server.port}/`, {})).status).toBe(200);
});

test('a redirection is an answer, not a way to somewhere else', async () => {
  const inside = await serve((_req, res) => res.end('inside'));
  const server = await serve((_req, res) => res.writeHead(307, { location: inside.url }).end());
  expect((await outboundTo().post(server.url, {})).status).toBe(307);
  const fetched = await outboundTo().fetch(server.url, { redirect: 'follow' });
  expect([fetched.status, fetched.headers.get('location')]).toEqual([307, inside.url]);
  expect(inside.requests).toEqual([]);
});

test('fetch gives what a key set needs, and post the status of a chatty server', async () => {
  const jwks = JSON.stringify({ keys: [] });
  const small = await serve((_req, res) =>
    res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(jwks)),
  );
  const response = await outboundTo().fetch(new URL(small.url), {
    headers: new Headers({ accept: 'application/json' }),
  });
  expect(response.headers.get('content-encoding')).toBeNull();
  expect(await response.json()).toEqual({ keys: [] });

  const chatty = await serve((_req, res) => res.end(Buffer.alloc(200_000, 'a')));
  const answer = await outboundTo().post(chatty.url, {});
  expect([answer.status, answer.body.length]).toEqual([200, 65_536]);
  await expect(outboundTo().fetch(chatty.url)).rejects.toThrow(/more than 64 KB/);
});

test('a small body that unpacks to a large one is not unpacked', async () => {
  const bomb = await serve((_req, res) =>
    res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000))),
  );
  await expect(outboundTo().fetch(bomb.url)).rejects.toThrow(/more than 64 KB/);
  expect((await outboundTo().post(bomb.url, {})).body.length).toBe(65_536);
});

test('a server that does not answer, or never ends its answer, is given up', async () => {
  const silent = await serve(() => {});
  await expect(outboundTo().post(silent.url, {}, { timeoutMs: 80 })).rejects.toThrow(
    `127.0.0.1:${silent.port} did not answer in time`,
  );
  const endless = await serve((_req, res) => res.write('a'));
  await expect(outboundTo().post(endless.url, {}, { timeoutMs: 80 })).rejects.toThrow(/in time/);
  await expect(
    outboundTo().fetch(endless.url, { signal: AbortSignal.timeout(80) }),
  ).rejects.toThrow(/in time/);
});

test('an unreachable server is named, with the reason', async () => {
  const server = await serve(() => {});
  await toClose.pop()?.();
  await expect(outboundTo().post(server.url, {})).rejects.toThrow(
    `127.0.0.1:${server.port} could not be reached: ECONNREFUSED`,
  );
});

test('only web addresses are asked', async () => {
  for (const url of ['data:text/plain,x', 'file:///etc/passwd', 'ftp://example.org/', 'nonsense']) {
    await expect(outboundTo().fetch(url), url).rejects.toThrow('not a web address');
  }
});

test('a proxy of the environment is not used', async () => {
  const proxy = await serve((_req, res) => res.end());
  const server = await serve((_req, res) => res.writeHead(204).end());
  const before = { ...process.env };
  Object.assign(process.env, {
    HTTP_PROXY: proxy.url,
    http_proxy: proxy.url,
    NODE_USE_ENV_PROXY: '1',
  });
  try {
    expect((await outboundTo().post(server.url, {})).status).toBe(204);
  } finally {
    process.env = before;
  }
  expect(proxy.requests).toEqual([]);
});
