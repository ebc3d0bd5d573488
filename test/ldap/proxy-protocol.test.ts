import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { LdapServerOptions } from '../../src/protocols/ldap/connection/ldap-server.ts';
import { parseProxyHeader } from '../../src/protocols/ldap/connection/proxy-protocol.ts';
import { writeCertificate } from '../support/certificate.ts';
import { buildLieu, startLdapHub } from './support/directory.ts';
import { encodeRequest } from './support/encode-request.ts';
import { speakLdap } from './support/ldap-client.ts';
import {
  ABOUT_ME,
  aboutMe,
  startTestServer,
  type TestServer,
  until,
} from './support/test-server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const LOOPBACK = [ipaddr.parseCIDR('127.0.0.0/8')];
const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 50000 389\r\n';
const V1_IPV6 = 'PROXY TCP6 2001:DB8:0::7 2001:db8::1 50000 389\r\n';
const SIGNATURE = Buffer.from([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]);

/** @param command 0x21: PROXY, 0x20: LOCAL */
function v2(command: number, family: number, addresses: number[]): Buffer {
  const size = Buffer.from([addresses.length >> 8, addresses.length & 255]);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), size, Buffer.from(addresses)]);
}
const V2_IPV4 = v2(0x21, 0x11, [192, 0, 2, 7, 198, 51, 100, 1, 0xc3, 0x50, 1, 0x85]);
const IPV6 = [...ipaddr.parse('2001:db8::7').toByteArray()];
const V2_IPV6 = v2(0x21, 0x21, [...IPV6, ...IPV6, 0xc3, 0x50, 1, 0x85]);
/** With what else haproxy may tell behind the addresses: here the authority that TLS asked for. */
const V2_MORE = v2(0x21, 0x11, [192, 0, 2, 7, 198, 51, 100, 1, 0, 1, 0, 2, 2, 0, 3, 97, 46, 98]);

async function start(options: Partial<LdapServerOptions<{ name: string }>> = {}) {
  server = await startTestServer({
    proxyProtocolFrom: LOOPBACK,
    ...options,
    limits: { stopping: 200, ...options.limits },
  });
  return server;
}

async function connected(port: number | undefined): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: port as number });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe.each([
  ['version 1, IPv4', Buffer.from(V1), '192.0.2.7'],
  ['version 1, IPv6', Buffer.from(V1_IPV6), '2001:db8::7'],
  ['version 2, IPv4', V2_IPV4, '192.0.2.7'],
  ['version 2, IPv6', V2_IPV6, '2001:db8::7'],
  ['version 2 with more than addresses', V2_MORE, '192.0.2.7'],
  ['version 1, unknown', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
  ['version 2, local', v2(0x20, 0, []), '127.0.0.1'],
])('a header of %s from a trusted network', (_, header, ip) => {
  it('tells the client’s address', async () => {
    const at = await start();
    const socket = await connected(at.address?.port);
    socket.write(header);
    expect(await aboutMe(speakLdap(socket))).toMatchObject({ ip, confidential: false });
  });

  it('may come with the first request in one packet, or byte by byte', async () => {
    const at = await start();
    const request = encodeRequest({
      id: 900,
      request: { kind: 'extended', oid: ABOUT_ME, value: undefined },
      controls: [],
    });
    const whole = await connected(at.address?.port);
    const one = speakLdap(whole);
    whole.write(Buffer.concat([header, request]));
    await until(() => one.notices.length === 1);
    const slow = await connected(at.address?.port);
    slow.setNoDelay(true);
    const two = speakLdap(slow);
    for (const byte of Buffer.concat([header, request])) {
      slow.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await until(() => two.notices.length === 1);
    expect(two.notices).toMatchObject(one.notices);
  });
});

it('stands before the handshake of LDAPS', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ldap-proxy-'));
  try {
    const tls = await writeCertificate(folder, 'proxied');
    const at = await start({ tls, ldapsListen: { host: '127.0.0.1', port: 0 } });
    const ca = await readFile(tls.cert, 'utf8');
    for (const header of [Buffer.from(V1), V2_IPV6]) {
      const socket = await connected(at.ldapsAddress?.port);
      // Corked: the header and the client's hello come in one packet, which is the harder case.
      socket.cork();
      socket.write(header);
      const secure = connectTls({ socket, ca, servername: 'localhost' });
      process.nextTick(() => socket.uncork());
      await once(secure, 'secureConnect');
      const { ip, confidential } = await aboutMe(speakLdap(secure));
      expect(confidential).toBe(true);
      expect(ip).toBe(header === V2_IPV6 ? '2001:db8::7' : '192.0.2.7');
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('a connection from a trusted network is closed', () => {
  const request = encodeRequest({
    id: 1,
    request: { kind: 'extended', oid: ABOUT_ME, value: undefined },
    controls: [],
  });
  it.each<[string, Buffer | string]>([
    ['without a header', request],
    ['with an address that is none', 'PROXY TCP4 192.0.2.777 198.51.100.1 1 389\r\n'],
    ['with an address of the other family', 'PROXY TCP4 2001:db8::7 2001:db8::1 1 389\r\n'],
    ['with too few fields', 'PROXY TCP4 192.0.2.7\r\n'],
    ['with a line without end', `PROXY TCP4 ${'1'.repeat(200)}`],
    ['with another version', v2(0x31, 0x11, Array(12).fill(1))],
    ['with an unknown command', v2(0x22, 0x11, Array(12).fill(1))],
    ['with a family that has no address', v2(0x21, 0x00, [])],
    ['with addresses cut short', v2(0x21, 0x11, Array(11).fill(1))],
    ['with more than a header may have', v2(0x21, 0x11, Array(600).fill(1))],
  ])('%s', async (_, bytes) => {
    const at = await start({ limits: { handshake: 60_000 } });
    const socket = await connected(at.address?.port);
    socket.resume().write(bytes);
    await once(socket, 'close');
    expect(at.asked).toEqual([]);
    expect(at.connections()).toBe(0);
  });

  it.each(['', 'PROXY TCP4 192.'])('where the header (%j) does not come in time', async (begun) => {
    const at = await start({ limits: { handshake: 100 } });
    const socket = await connected(at.address?.port);
    socket.resume().write(begun);
    await once(socket, 'close');
    await until(() => at.connections() === 0);
  });
});

it('is never believed from others', async () => {
  const at = await start({ proxyProtocolFrom: [ipaddr.parseCIDR('10.0.0.0/8')] });
  const client = await at.connect();
  expect((await aboutMe(client)).ip).toBe('127.0.0.1');
  client.send(Buffer.from(V1));
  await client.closed;
  expect(client.notices).toMatchObject([{ id: 0, result: { code: 2 } }]);
});

it('has its bytes read as a header whatever they are cut into', () => {
  for (const header of [Buffer.from(V1), V2_IPV4, V2_MORE]) {
    for (let size = 1; size < header.length; size++) {
      expect(parseProxyHeader(header.subarray(0, size))).toBeUndefined();
    }
    expect(parseProxyHeader(Buffer.concat([header, Buffer.from('0')]))?.size).toBe(header.length);
  }
});

it('its address is the one that throttles count (row 24)', async () => {
  const hub = await startLdapHub({
    TROUSSEAU_TRUSTED_PROXIES: '127.0.0.1/32',
    TROUSSEAU_LDAP_PROXY_PROTOCOL: 'on',
  });
  try {
    const lieu = await buildLieu(hub, { slug: 'lamyne' });
    const fail = async (ip: string) => {
      const socket = await connected(hub.app.ldap?.address?.port);
      // Only this machine's own clients may send a password in clear.
      socket.write(`PROXY TCP4 ${ip} 127.0.0.1 50000 389\r\n`);
      const client = speakLdap(socket);
      expect((await client.bind(lieu.cloud.readerDn, `wrong from ${ip}`)).code).toBe(49);
      client.close();
      const rows = await hub.database.query("SELECT key FROM throttles WHERE key LIKE 'address:%'");
      return rows.length;
    };
    expect(await fail('127.0.0.9')).toBe(1);
    expect(await fail('127.0.0.9')).toBe(1);
    expect(await fail('127.0.0.10')).toBe(2);
  } finally {
    await hub.stop();
  }
});
