import { mkdir, rename } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostChecks } from '../../src/domain/hosts/check-host.ts';
import { writeCertificate } from '../support/certificate.ts';
import { buildCommunity, giveHosts } from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from '../support/guide.ts';
import { claim, type ProofPlace, setRecord, startProofPlace } from '../support/host-proofs.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { startCaddy } from './support/caddy.ts';
import { startNginx } from './support/nginx.ts';
import type { Program } from './support/programs.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** The proxies of docs/own-address.md, with the very configurations that it tells to copy. */
const HUB_HOST = 'login.example.org';
const HOST = 'login.lamyne.example';
const blocks = blocksOf('own-address.md');
const guideOf = (language: string) =>
  blocks.find((block) => block.language === language)?.text as string;

let hub: TestHub;
let hubPort: number;
let place: ProofPlace;
let community: { id: string; slug: string };

beforeAll(async () => {
  hubPort = await freePort();
  hub = await startHub({
    TROUSSEAU_URL: `https://${HUB_HOST}`,
    TROUSSEAU_LISTEN: `127.0.0.1:${hubPort}`,
    TROUSSEAU_TRUSTED_PROXIES: '127.0.0.1/32',
    TROUSSEAU_ROLES: 'web',
  });
  place = await startProofPlace(hub.url);
  community = await buildCommunity(hub.database, { slug: 'lamyne' });
});
afterAll(async () => {
  await place?.stop();
  await hub?.stop();
});

type Answer = { status: number; text: string; location: string | undefined; names: string };

/** Asks a proxy for a host as a browser does, by its name; whoever signed the certificate. */
function ask(
  port: number,
  host: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, servername: host, rejectUnauthorized: false };
    const asking = request({ ...options, headers: { host, ...headers } }, (answer) => {
      const { subjectaltname = '' } = (
        answer.socket as import('node:tls').TLSSocket
      ).getPeerCertificate();
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          text,
          location: answer.headers.location,
          names: subjectaltname,
        }),
      );
    });
    asking.once('error', reject).end();
  });
}

const issuerAt = async (port: number, host: string, path: string) =>
  JSON.parse((await ask(port, host, `${path}/.well-known/openid-configuration`)).text).issuer;

/** The address that a request was counted by: of the session that it opened. */
async function addressSeen(port: number): Promise<string | undefined> {
  const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'evil.example' };
  expect((await ask(port, HOST, '/oidc/session/end', headers)).status).toBe(200);
  const [row] = await hub.database.query<{ ip: string }>(
    'SELECT host(ip) AS ip FROM sessions ORDER BY created_at DESC LIMIT 1',
  );
  return row?.ip;
}

/** What any proxy has to do for a community's host. */
async function servesTheHost(port: number): Promise<void> {
  expect((await ask(port, HOST, '/login')).status).toBe(200);
  expect(await issuerAt(port, HOST, '')).toBe(`https://${HOST}`);
  expect(await issuerAt(port, HUB_HOST, '/c/lamyne')).toBe(`https://${HUB_HOST}/c/lamyne`);
  expect((await ask(port, HOST, '/account')).location).toMatch(/^\/login|^https:\/\/login\.lamyne/);
  // No other community's pages, nor the hub's, stand there.
  expect((await ask(port, HOST, '/c/lamyne/login')).status).toBe(404);
  // What the visitor says of addresses and hosts does not count.
  expect(await addressSeen(port)).toBe('127.0.0.1');
  // What the proxy may ask for itself, nobody asks through it.
  for (const host of [HUB_HOST, HOST])
    expect((await ask(port, host, `/tls/ask?domain=${HOST}`)).status).toBe(404);
}

describe('Caddy', () => {
  let folder: WorkFolder;
  let caddy: Program;
  let port: number;
  beforeAll(async () => {
    folder = await makeWorkFolder('caddy');
    port = await freePort();
    const ports = { port, httpPort: await freePort(), hubPort };
    caddy = await startCaddy(folder, guideOf('caddyfile'), ports);
  });
  afterAll(async () => {
    await caddy?.stop();
    await folder?.remove();
  });

  it('gets a certificate for a host once it is proven, and for no other name', async () => {
    const claimed = await claim(hub.database, community.id, HOST, undefined, hub.url);
    await expect(ask(port, HOST, '/login')).rejects.toThrow();
    await expect(ask(port, 'evil.example', '/')).rejects.toThrow();
    setRecord(place.resolver, claimed, claimed.token);
    await createHostChecks(hub.database, place.parts).check(community.id, HOST, 'cli');
    await hub.app.settle();
    const answer = await ask(port, HOST, '/login');
    expect([answer.status, answer.names]).toEqual([200, `DNS:${HOST}`]);
    await expect(ask(port, 'evil.example', '/')).rejects.toThrow();
  });

  it('leads to the community at its host, and to the hub at its own', () => servesTheHost(port));
});

describe('nginx', () => {
  let folder: WorkFolder;
  let nginx: Program;
  let port: number;
  beforeAll(async () => {
    await giveHosts(hub, community, [HOST]);
    folder = await makeWorkFolder('nginx');
    port = await freePort();
    for (const host of [HOST, HUB_HOST]) {
      const { cert, key } = await writeCertificate(folder.path, host, { host });
      const live = join(folder.path, 'live', host);
      await mkdir(live, { recursive: true });
      await rename(cert, join(live, 'fullchain.pem'));
      await rename(key, join(live, 'privkey.pem'));
    }
    const server = guideOf('nginx');
    const servers = server + server.replaceAll(HOST, HUB_HOST);
    nginx = await startNginx(folder, servers, { port, hubPort });
  });
  afterAll(async () => {
    await nginx?.stop();
    await folder?.remove();
  });

  it('leads to the community at its host, and to the hub at its own', async () => {
    await servesTheHost(port);
    expect((await ask(port, HOST, '/login')).names).toBe(`DNS:${HOST}`);
    expect((await ask(port, HUB_HOST, '/')).names).toBe(`DNS:${HUB_HOST}`);
  });

  it('has a host that nobody registered told that it is not served', async () => {
    expect((await ask(port, 'evil.example', '/')).status).toBe(421);
  });
});
