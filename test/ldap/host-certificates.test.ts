import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type CertificateFiles,
  surveyCertificates,
} from '../../src/platform/tls/certificate-files.ts';
import { days, writeCertificate } from '../support/certificate.ts';
import { connectLdap, speakLdap } from './support/ldap-client.ts';
import { aboutMe, START_TLS, startTestServer, type TestServer } from './support/test-server.ts';

const LIEU = 'ldap.lieu.example';
const VOISIN = 'ldap.voisin.example';

let scratch: string;
let usual: CertificateFiles;
let folder: string;
let server: TestServer | undefined;
let count = 0;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'ldap-hosts-'));
  usual = await writeCertificate(scratch, 'usual');
});
beforeEach(async () => {
  count += 1;
  folder = join(scratch, `folder${count}`);
  await mkdir(folder);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** Puts a certificate there as a pair of files. @returns it as PEM */
async function put(host: string, options = {}): Promise<string> {
  const made = await writeCertificate(scratch, `made-${host}`, { host, ...options });
  const pem = await readFile(made.cert, 'utf8');
  await rename(made.key, join(folder, `${host}.key`));
  await rename(made.cert, join(folder, `${host}.crt`));
  return pem;
}

/** The same as certbot has it: links in a folder of the host's. */
async function putAsCertbot(host: string): Promise<string> {
  const made = await writeCertificate(scratch, `made-${host}`, { host });
  await mkdir(join(folder, host));
  await symlink(made.cert, join(folder, host, 'fullchain.pem'));
  await symlink(made.key, join(folder, host, 'privkey.pem'));
  return readFile(made.cert, 'utf8');
}

async function start(): Promise<TestServer> {
  server = await startTestServer({
    tls: usual,
    tlsFolder: folder,
    ldapsListen: { host: '127.0.0.1', port: 0 },
    limits: { stopping: 200 },
  });
  return server;
}

const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subjectaltname;

/** Which certificate a client is shown that asks for a name; it takes any. */
async function shown(at: TestServer, servername: string): Promise<string | undefined> {
  const { host, port } = at.ldapsAddress as { host: string; port: number };
  const socket = connectTls({ host, port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const name = nameOf(socket);
  socket.destroy();
  return name;
}

describe('LDAPS and StartTLS', () => {
  it('show each host its own certificate, which a client that checks it takes', async () => {
    const [lieu, voisin] = [await put(LIEU), await putAsCertbot(VOISIN)];
    const at = await start();
    const address = at.ldapsAddress as { host: string; port: number };
    for (const [host, ca] of [
      [LIEU, lieu],
      [VOISIN, voisin],
    ] as const) {
      const client = await connectLdap(address, { ca, servername: host });
      expect(await aboutMe(client)).toMatchObject({ confidential: true });
      const plain = await at.connect();
      await plain.extended(START_TLS);
      plain.socket.removeAllListeners('data');
      const tls = connectTls({ socket: plain.socket, ca, servername: host });
      await once(tls, 'secureConnect');
      expect(nameOf(tls)).toBe(`DNS:${host}`);
      expect(await aboutMe(speakLdap(tls))).toMatchObject({ confidential: true });
    }
  });

  it('show the usual one to who asks for another host, for a path, or for none', async () => {
    await put(LIEU);
    const at = await start();
    for (const other of [
      'other.example',
      'localhost',
      `a.${LIEU}`,
      'lieu.example',
      '..',
      `../${LIEU}`,
    ])
      expect(await shown(at, other)).toBe('DNS:localhost');
    const { host, port } = at.ldapsAddress as { host: string; port: number };
    const nameless = connectTls({ host, port, rejectUnauthorized: false });
    await once(nameless, 'secureConnect');
    expect(nameOf(nameless)).toBe('DNS:localhost');
    nameless.destroy();
  });

  it('know a host by its name in capitals', async () => {
    await put(LIEU);
    expect(await shown(await start(), LIEU.toUpperCase())).toBe(`DNS:${LIEU}`);
  });
});

describe('a certificate of the folder', () => {
  it('is there a moment after it was put there, and gone a moment after', async () => {
    const at = await start();
    expect(await shown(at, LIEU)).toBe('DNS:localhost');
    await put(LIEU);
    await expect.poll(() => shown(at, LIEU), { timeout: 8_000 }).toBe(`DNS:${LIEU}`);
    await rm(join(folder, `${LIEU}.crt`));
    await expect.poll(() => shown(at, LIEU), { timeout: 8_000 }).toBe('DNS:localhost');
  });

  it('is taken anew when it changes; while it is broken, the last good one stays, and the log says so once', async () => {
    const first = await put(LIEU);
    await put(VOISIN);
    const at = await start();
    const address = at.ldapsAddress as { host: string; port: number };
    const works = async (ca: string, servername = LIEU) => {
      const client = await connectLdap(address, { ca, servername }).catch(() => undefined);
      client?.close();
      return client !== undefined;
    };
    expect(await works(first)).toBe(true);
    await writeFile(join(folder, `${LIEU}.crt`), 'this is no certificate');
    const faults = () => at.log.filter((line) => line.includes('cannot be used')).length;
    await expect.poll(async () => (await works(first)) && faults(), { timeout: 8_000 }).toBe(1);
    // Each time that the neighbour's is taken anew, this one was looked at, too.
    for (let n = 0; n < 2; n += 1) {
      const next = await put(VOISIN);
      const isTaken = async () => (await works(first)) && (await works(next, VOISIN));
      await expect.poll(isTaken, { timeout: 8_000 }).toBe(true);
    }
    expect(faults()).toBe(1);
    expect(at.log.join()).toContain('the one before stays');
    const second = await put(LIEU);
    await expect.poll(() => works(second), { timeout: 8_000 }).toBe(true);
    expect(await works(first)).toBe(false);
  });

  it('that was never good leaves the usual one, and its neighbours', async () => {
    await put(VOISIN);
    await writeFile(join(folder, `${LIEU}.crt`), 'this is no certificate');
    const at = await start();
    expect(await shown(at, LIEU)).toBe('DNS:localhost');
    expect(await shown(at, VOISIN)).toBe(`DNS:${VOISIN}`);
    expect(at.log.join()).toContain('the usual one is used');
  });

  it('is known by its standing: its end, its key, its host', async () => {
    await put('good.example');
    await put('ended.example', { to: days(-0.1), from: days(-9) });
    const foreign = await writeCertificate(scratch, 'foreign', { host: 'elsewhere.example' });
    await rename(foreign.cert, join(folder, 'foreign.example.crt'));
    await rename(foreign.key, join(folder, 'foreign.example.key'));
    await put('mixed.example');
    await put('other.example');
    await rename(join(folder, 'other.example.key'), join(folder, 'mixed.example.key'));
    await writeFile(join(folder, 'README'), 'no certificate of anything');
    await mkdir(join(folder, 'empty.example'));
    const standings = await surveyCertificates({ tls: usual, tlsFolder: folder });
    expect(standings.map(({ host, fault }) => [host, fault])).toEqual([
      [undefined, undefined],
      ['empty.example', 'unreadable'],
      ['ended.example', 'ended'],
      ['foreign.example', 'other-host'],
      ['good.example', undefined],
      ['mixed.example', 'other-key'],
      ['other.example', 'unreadable'],
    ]);
    const left = Number(standings[4]?.endsAt) - Date.now();
    expect(Math.round(left / 86_400_000)).toBe(90);
  });
});

it('a folder that is not there keeps the server from starting', async () => {
  await rm(folder, { recursive: true });
  await expect(start()).rejects.toThrow('ENOENT');
});
