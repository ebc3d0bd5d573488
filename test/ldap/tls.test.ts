import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateFiles } from '../../src/platform/tls/certificate-files.ts';
import type { LdapServerOptions } from '../../src/protocols/ldap/connection/ldap-server.ts';
import { writeCertificate } from '../support/certificate.ts';
import { buildLieu, startLdapHub } from './support/directory.ts';
import { encodeBind, encodeRequest, encodeSearch } from './support/encode-request.ts';
import { connectLdap, type LdapClient, speakLdap } from './support/ldap-client.ts';
import {
  ABOUT_ME,
  aboutMe,
  START_TLS,
  startTestServer,
  type TestServer,
  until,
} from './support/test-server.ts';

let folder: string;
let files: CertificateFiles;
let ca: string;
let server: TestServer | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ldap-tls-'));
  files = await writeCertificate(folder, 'first');
  ca = await readFile(files.cert, 'utf8');
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(options: Partial<LdapServerOptions<{ name: string }>> = {}) {
  server = await startTestServer({
    tls: files,
    ldapsListen: { host: '127.0.0.1', port: 0 },
    ...options,
    limits: { stopping: 200, ...options.limits },
  });
  return server;
}

const START_TLS_REQUEST = encodeRequest({
  id: 1,
  request: { kind: 'extended', oid: START_TLS, value: undefined },
  controls: [],
});

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
}

/** Begins TLS on a connection whose StartTLS was answered. */
async function beginTls(socket: Socket, authority = ca): Promise<LdapClient> {
  socket.removeAllListeners('data');
  const tls = connectTls({ socket, ca: authority, servername: 'localhost' });
  await once(tls, 'secureConnect');
  return speakLdap(tls);
}

describe('StartTLS (row 20)', () => {
  it('puts TLS over the connection', async () => {
    const at = await start();
    const plain = await at.connect();
    expect(await plain.extended(START_TLS)).toMatchObject({ code: 0, responseName: START_TLS });
    const client = await beginTls(plain.socket);
    expect((await client.bind('cn=a', 'secret')).code).toBe(0);
    expect(await aboutMe(client)).toMatchObject({ name: 'cn=a', confidential: true });
    client.close();
    await until(() => at.connections() === 0);
  });

  it('is refused a second time, and the connection goes on', async () => {
    const at = await start();
    const plain = await at.connect();
    await plain.extended(START_TLS);
    const client = await beginTls(plain.socket);
    expect((await client.extended(START_TLS)).code).toBe(1);
    expect((await client.extended(ABOUT_ME)).code).toBe(0);
    const secure = await at.connectSecurely(ca);
    expect((await secure.extended(START_TLS)).code).toBe(1);
  });

  it('leaves the connection anonymous', async () => {
    const at = await start();
    const plain = await at.connect();
    await plain.bind('cn=a', 'secret');
    await plain.extended(START_TLS);
    expect((await aboutMe(await beginTls(plain.socket))).name).toBe('');
  });

  it('drops what the client sent behind it, in the same packet', async () => {
    const at = await start();
    const socket = await connected(at.address?.port as number);
    socket.write(Buffer.concat([START_TLS_REQUEST, encodeBind(2, 'cn=injected', 'secret')]));
    await once(socket, 'data');
    const client = await beginTls(socket);
    expect((await aboutMe(client)).name).toBe('');
    expect(at.asked).toEqual(['extended']);
    expect(client.notices).toEqual([]);
  });

  it('drops what waits behind it, too, where it had to wait itself', async () => {
    const at = await start();
    const plain = await at.connect();
    plain.send(encodeSearch(900, 'wait', '(cn=*)'));
    await at.untilAsked('search wait');
    const answer = plain.extended(START_TLS);
    plain.send(encodeBind(901, 'cn=injected', 'secret'));
    // By the second answer on another connection, what was sent before on this one is read.
    const other = await at.connect();
    for (let i = 0; i < 2; i++) await other.extended(ABOUT_ME);
    at.release('search wait');
    expect((await answer).code).toBe(0);
    expect((await aboutMe(await beginTls(plain.socket))).name).toBe('');
    expect(at.asked).not.toContain('bind cn=injected');
  });

  it('ends the connection where no handshake follows', async () => {
    const at = await start({ limits: { handshake: 100 } });
    const silent = await at.connect();
    await silent.extended(START_TLS);
    await silent.closed;
    const talking = await at.connect();
    await talking.extended(START_TLS);
    talking.send(encodeSearch(900, 'now', '(cn=*)'));
    await talking.closed;
    await until(() => at.connections() === 0);
    expect(at.asked).toEqual([]);
  });

  it('does not hold a stopping server up', async () => {
    const at = await start({ limits: { stopping: 5_000 } });
    const client = await at.connect();
    await client.extended(START_TLS);
    const silent = await connected(at.ldapsAddress?.port as number);
    await until(() => at.connections() === 2);
    const started = performance.now();
    await at.stop();
    expect(performance.now() - started).toBeLessThan(3_000);
    await client.closed;
    silent.destroy();
  });
});

describe('LDAPS (row 20)', () => {
  it('speaks LDAP over TLS from the start', async () => {
    const at = await start();
    const client = await at.connectSecurely(ca);
    expect(await aboutMe(client)).toMatchObject({ confidential: true });
    client.close();
    await until(() => at.connections() === 0);
  });

  it('refuses what TLS has left behind', async () => {
    const at = await start();
    const old = connectTls({
      ...(at.ldapsAddress as { host: string; port: number }),
      ca,
      servername: 'localhost',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    });
    const [error] = await once(old, 'error');
    expect(String(error)).toMatch(/protocol version|alert/i);
  });

  it('an unread byte that is no TLS ends that connection only', async () => {
    const at = await start();
    const socket = await connected(at.ldapsAddress?.port as number);
    socket.on('error', () => {});
    socket.resume().write(encodeSearch(1, 'now', '(cn=*)'));
    await once(socket, 'close');
    expect((await (await at.connectSecurely(ca)).extended(ABOUT_ME)).code).toBe(0);
    expect(at.asked).toEqual(['extended']);
  });

  it('a client that closes as TLS wants it leaves nothing behind', async () => {
    const at = await start();
    const client = await at.connectSecurely(ca);
    client.socket.end();
    await client.closed;
    await until(() => at.connections() === 0);
  });
});

describe('a certificate that changes', () => {
  const serialOf = (client: LdapClient) =>
    (client.socket as TLSSocket).getPeerCertificate().fingerprint256;

  it('is taken anew without a failing connection; one that is broken is not', async () => {
    const used = await writeCertificate(folder, 'used');
    const first = await readFile(used.cert, 'utf8');
    const at = await start({ tls: used });
    const before = await at.connectSecurely(first);

    await writeFile(used.cert, 'this is no certificate');
    await until(() => at.log.join().includes('cannot be used'));
    expect(serialOf(await at.connectSecurely(first))).toBe(serialOf(before));

    // As certbot does it: one file after the other.
    const next = await writeCertificate(folder, 'next');
    const second = await readFile(next.cert, 'utf8');
    await rename(next.cert, used.cert);
    let failures = 0;
    const looking = setInterval(async () => {
      await at.connectSecurely(first + second).then(
        (client) => client.close(),
        () => (failures += 1),
      );
    }, 50);
    await rename(next.key, used.key);
    await until(() => at.log.join().includes('taken anew'));
    clearInterval(looking);
    expect(failures).toBe(0);
    const after = await at.connectSecurely(second);
    expect(serialOf(after)).not.toBe(serialOf(before));
    expect((await aboutMe(before)).confidential).toBe(true);
    const plain = await at.connect();
    await plain.extended(START_TLS);
    expect(serialOf(await beginTls(plain.socket, second))).toBe(serialOf(after));
  });

  it('must be good when the server starts', async () => {
    const broken = join(folder, 'broken.pem');
    await writeFile(broken, 'this is no certificate');
    await expect(start({ tls: { ...files, cert: broken } })).rejects.toThrow();
  });
});

describe('passwords in clear (row 20)', () => {
  const PROXY = 'PROXY TCP4 192.0.2.7 127.0.0.1 50000 389\r\n';

  it('may travel from this machine only', async () => {
    const at = await start({ proxyProtocolFrom: [ipaddr.parseCIDR('127.0.0.0/8')] });
    const open = async (line: string) => {
      const socket = await connected(at.address?.port as number);
      socket.write(line);
      return speakLdap(socket);
    };
    expect((await aboutMe(await open(PROXY))).confidential).toBe(false);
    const local = 'PROXY TCP4 127.0.0.1 127.0.0.1 50000 389\r\n';
    expect((await aboutMe(await open(local))).confidential).toBe(true);
    expect((await aboutMe(await open('PROXY UNKNOWN\r\n'))).confidential).toBe(false);
  });

  it('are refused with 13 by the hub, which advertises StartTLS instead, and taken after it', async () => {
    const hub = await startLdapHub({
      TROUSSEAU_TLS_CERT: files.cert,
      TROUSSEAU_TLS_KEY: files.key,
      TROUSSEAU_TRUSTED_PROXIES: '127.0.0.1/32',
      TROUSSEAU_LDAP_PROXY_PROTOCOL: 'on',
    });
    try {
      const lieu = await buildLieu(hub, { slug: 'lamyne' });
      const socket = await connected(hub.app.ldap?.address?.port as number);
      socket.write(PROXY);
      const plain = speakLdap(socket);
      expect((await plain.bind(lieu.cloud.readerDn, 'wrong')).code).toBe(13);
      const dse = await plain.search('', '(objectClass=*)', { scope: 'base', attributes: ['+'] });
      expect(dse.entries[0]?.attributes.get('supportedExtension')).toContain(START_TLS);
      await plain.extended(START_TLS);
      const client = await beginTls(socket);
      expect((await client.bind(lieu.cloud.readerDn, 'wrong')).code).toBe(49);
      client.close();
    } finally {
      await hub.stop();
    }
  });

  it('StartTLS is not advertised without a certificate', async () => {
    const hub = await startLdapHub();
    try {
      const client = await connectLdap(hub.app.ldap?.address as { host: string; port: number });
      const dse = await client.search('', '(objectClass=*)', { scope: 'base', attributes: ['+'] });
      expect(dse.entries[0]?.attributes.get('supportedExtension')).not.toContain(START_TLS);
      client.close();
    } finally {
      await hub.stop();
    }
  });
});
