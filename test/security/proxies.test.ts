import { beforeAll, describe, expect, it } from 'vitest';
import { changeCommunity } from '../support/factories.ts';
import { claim } from '../support/host-proofs.ts';
import type { TestHub } from '../support/hub.ts';
import { useHub } from '../support/use-hub.ts';
import { sendRaw } from './raw-request.ts';

const TOKEN = 'a-token-for-those-who-look-after-the-hub';
const HOST = 'login.lieu.example';
const LDAP_HOST = 'ldap.lieu.example';

const community = { hosts: [HOST, 'login.lieu.example:8443'], ldapHosts: [LDAP_HOST] };
const hub = useHub({ community });
const proxied = useHub({
  env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8', TROUSSEAU_METRICS_TOKEN: TOKEN },
  community,
});

beforeAll(() => claim(hub.database, hub.community.id, 'claimed.lieu.example', undefined, hub.url));

const ask = (of: TestHub, domain: string, headers: Record<string, string> = {}) =>
  sendRaw(of, `/tls/ask?domain=${encodeURIComponent(domain)}`, {
    headers: { host: '127.0.0.1:8080', ...headers },
  });
const FORWARDED = { 'x-forwarded-for': '192.0.2.1' };

describe('whether to get a certificate', () => {
  it('is yes for the hub’s host, and for hosts that are proven, in every form of their names', async () => {
    for (const known of ['localhost', HOST, LDAP_HOST, 'LOGIN.Lieu.example', `${HOST}.`])
      expect([known, (await ask(hub, known)).status]).toEqual([known, 200]);
  });

  it('is no for every other name: one that is only claimed, a part of one, a wildcard, an address, none', async () => {
    for (const other of [
      'claimed.lieu.example',
      'lieu.example',
      `a.${HOST}`,
      '*.lieu.example',
      `${HOST}:443`,
      '127.0.0.1',
      '%',
      "' OR 1=1 --",
      '',
      'a.'.repeat(5_000),
    ])
      expect([other, (await ask(hub, other)).status]).toEqual([other, 404]);
    expect((await sendRaw(hub, '/tls/ask')).status).toBe(404);
    expect((await sendRaw(hub, `/tls/ask?domain=${HOST}&domain=x`)).status).toBe(404);
  });

  it('is told to a proxy that asks for itself, and to nobody through it', async () => {
    expect((await ask(proxied, HOST)).status).toBe(200);
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip', 'x-forwarded-host']) {
      for (const either of [hub, proxied]) {
        const answer = await ask(either, HOST, { [name]: '192.0.2.1' });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.text).not.toContain('served"');
      }
    }
    const bearer = { authorization: `Bearer ${TOKEN}`, ...FORWARDED };
    expect((await ask(proxied, HOST, bearer)).status).toBe(200);
  });

  it('is kept by nobody on the way, and is asked by GET', async () => {
    expect((await ask(hub, HOST)).headers['cache-control']).toBe('no-store');
    const post = await sendRaw(hub, `/tls/ask?domain=${HOST}`, { method: 'POST' });
    expect(post.status).toBe(404);
  });

  it('follows at once what a community has', async () => {
    const [before, after] = [[...community.hosts, 'new.lieu.example'], community.hosts];
    await changeCommunity(hub, hub.community, { hosts: before });
    expect((await ask(hub, 'new.lieu.example')).status).toBe(200);
    await changeCommunity(hub, hub.community, { hosts: after });
    expect((await ask(hub, 'new.lieu.example')).status).toBe(404);
  });
});

describe('what Traefik asks', () => {
  const configuration = (of: TestHub, query: string, headers: Record<string, string> = {}) =>
    sendRaw(of, `/tls/traefik?${query}`, { headers });

  it('is answered with a router for the hub’s host and each one of a community’s', async () => {
    const { text } = await configuration(hub, 'service=trousseau@file&resolver=letsencrypt');
    expect(JSON.parse(text)).toEqual({
      http: {
        routers: Object.fromEntries(
          ['localhost', HOST].map((host) => [
            `trousseau-${host.replaceAll('.', '_')}`,
            {
              rule: `Host(\`${host}\`)`,
              entryPoints: ['websecure'],
              service: 'trousseau@file',
              tls: { certResolver: 'letsencrypt' },
            },
          ]),
        ),
      },
    });
  });

  it('takes names of Traefik’s, and nothing else', async () => {
    for (const wrong of ['', 'service=a`b', 'service=x&entrypoint=a%20b', 'service=x&resolver=%22'])
      expect([wrong, (await configuration(hub, wrong)).status]).toEqual([wrong, 400]);
  });

  it('is told on this machine without a proxy, or with the token', async () => {
    expect((await configuration(proxied, 'service=x')).status).toBe(404);
    expect((await configuration(hub, 'service=x', FORWARDED)).status).toBe(404);
    const bearer = { authorization: `Bearer ${TOKEN}` };
    expect((await configuration(proxied, 'service=x', bearer)).status).toBe(200);
  });
});
