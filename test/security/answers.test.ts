import { beforeAll, describe, expect, it } from 'vitest';
import { hostIssuer } from '../../src/domain/communities/issuer.ts';
import {
  createFirstOperator,
  ensureSetupToken,
} from '../../src/domain/operators/create-operator.ts';
import { buildCommunity, giveHosts, PASSWORD } from '../support/factories.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { ProxiedBrowser } from './proxied-browser.ts';
import { asForm, sendRaw } from './raw-request.ts';

const OWN = hostIssuer('login.lieu.example').url;

const hub = useHub({
  env: {
    TROUSSEAU_URL: 'https://hub.example',
    TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8',
  },
  member: {},
  service: {},
});
let ownApp: RelyingParty;
/** One browser after a whole life of sign-ins and mistakes, at the hub and at a community's own host. */
let browser: ProxiedBrowser;

beforeAll(async () => {
  await giveHosts(hub, hub.community, [new URL(OWN).host]);
  ownApp = await hub.newClient();
  Object.assign(ownApp, { issuer: OWN });
  const token = (await hub.database.transaction(ensureSetupToken)) as string;
  await createFirstOperator(hub.database, { token, email: 'ops@hub.example', password: PASSWORD });
  browser = new ProxiedBrowser(hub);
  for (const party of [hub.client, ownApp]) await live(party);
  await liveAtTheHub();
});

async function live(party: RelyingParty): Promise<void> {
  await browser.submit(await browser.open(`${party.issuer}/login`), '#login-form', {
    username: hub.member.username,
    password: 'wrong',
  });
  await party.signIn(browser, hub.member.username);
  const home = await browser.open(party.issuer);
  expect(home.document.querySelector('h1')?.text).toBe('Mes services');
  await browser.submit(home, 'form.language', { locale: 'en' });
  for (const path of [
    '/nowhere',
    '/login/unknown',
    '/oidc/auth',
    '/oidc/device',
    '/oidc/nowhere',
  ]) {
    await browser.open(`${party.issuer}${path}`);
  }
  await browser.open(party.authorizationUrl({ redirect_uri: 'https://evil.example/' }));
  await browser.send(`${party.issuer}/login`, asForm({ username: 'x' }));
  await browser.send(`${party.issuer}/oidc/token`, asForm({}));
  await browser.send(`${party.issuer}/oidc/me`);
  await browser.submit(
    await browser.open(`${party.issuer}/oidc/session/end`),
    '#logout-form',
    {},
    '#logout-confirm',
  );
}

async function liveAtTheHub(): Promise<void> {
  for (const path of ['/', '/setup?token=x', '/nowhere', '/c/nowhere', '/c/nowhere/login']) {
    await browser.open(`${hub.url}${path}`);
  }
  const page = await browser.open(`${hub.url}/operator`);
  await browser.submit(page, '#login-form', {
    email: 'ops@hub.example',
    password: PASSWORD,
  });
  await browser.open('https://evil.example/');
}

const cookiesSet = () =>
  browser.answers.flatMap(({ url, answer }) =>
    ((answer.headers['set-cookie'] ?? []) as unknown as string[]).map((cookie) => ({
      url: new URL(url),
      name: cookie.slice(0, cookie.indexOf('=')),
      value: cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';')),
      attributes: cookie
        .split('; ')
        .slice(1)
        .map((attribute) => attribute.toLowerCase()),
    })),
  );

describe('every answer', () => {
  it('is one of each kind: the pages, the refusals and the protocol’s own', () => {
    const statuses = new Set(browser.answers.map(({ answer }) => answer.status));
    for (const status of [200, 303, 400, 401, 403, 404, 421]) expect(statuses).toContain(status);
    expect(browser.answers.length).toBeGreaterThan(50);
  });

  it('is kept by no cache, sniffed by no browser, and stays on https', () => {
    for (const { url, answer } of browser.answers) {
      expect([url, answer.headers['cache-control']]).toEqual([
        url,
        expect.stringContaining('no-store'),
      ]);
      expect([url, answer.headers['x-content-type-options']]).toEqual([url, 'nosniff']);
      expect([url, answer.headers['strict-transport-security']]).toEqual([url, 'max-age=31536000']);
      expect([url, answer.headers['referrer-policy']]).toEqual([url, 'same-origin']);
    }
  });

  it('runs no script but ours and stands in no frame', () => {
    for (const { url, answer } of browser.answers) {
      const policy = answer.headers['content-security-policy'] ?? '';
      const directives = new Map(policy.split('; ').map((each) => [each.split(' ')[0], each]));
      expect([url, directives.get('default-src')]).toEqual([url, "default-src 'none'"]);
      expect([url, directives.get('script-src')]).toEqual([url, "script-src 'self'"]);
      expect([url, directives.get('style-src')]).toEqual([url, "style-src 'self'"]);
      expect([url, directives.get('base-uri')]).toEqual([url, "base-uri 'none'"]);
      expect([url, directives.get('frame-ancestors')]).toEqual([url, "frame-ancestors 'none'"]);
      expect([url, answer.headers['x-frame-options']]).toEqual([url, 'DENY']);
    }
  });

  it('holds its forms to our own site, except where they lead to an app in the end', () => {
    const stay = (path: string) =>
      browser.answers
        .filter(({ url }) => new URL(url).pathname.endsWith(path))
        .every(({ answer }) =>
          answer.headers['content-security-policy']?.includes("form-action 'self'"),
        );
    for (const path of [
      '/login',
      '/operator',
      '/operator/login',
      '/setup',
      `/c/${hub.community.slug}`,
    ])
      expect([path, stay(path)]).toEqual([path, true]);
  });
});

describe('every cookie', () => {
  it('is out of reach of scripts, of other sites and of plain http', () => {
    expect(cookiesSet().length).toBeGreaterThan(10);
    for (const { url, name, attributes } of cookiesSet()) {
      expect([url.href, name, attributes]).toEqual([
        url.href,
        name,
        expect.arrayContaining(['httponly', 'secure']),
      ]);
      expect(attributes.some((each) => each === 'samesite=lax' || each === 'samesite=strict')).toBe(
        true,
      );
      expect(attributes.some((each) => each.startsWith('domain'))).toBe(false);
    }
  });

  it('of a community is sent to that community only', () => {
    for (const { url, name, attributes } of cookiesSet()) {
      const path = attributes.find((each) => each.startsWith('path='))?.slice('path='.length) ?? '';
      if (url.origin === OWN) continue;
      const own = url.pathname.startsWith('/c/')
        ? `/${url.pathname.split('/').slice(1, 3).join('/')}`
        : '/';
      expect([name, path]).toEqual([name, expect.stringMatching(new RegExp(`^${own}`))]);
    }
  });

  it('that is a session belongs to the whole of an own host, and to no other (RFC 6265bis §4.1.3.2)', () => {
    const names = cookiesSet()
      .filter(({ url }) => url.origin === OWN)
      .map(({ name }) => name);
    expect(names).toContain('__Host-trousseau_session');
    for (const { attributes } of cookiesSet().filter(({ name }) => name.startsWith('__Host-')))
      expect(attributes).toEqual(expect.arrayContaining(['path=/', 'secure']));
  });
});

describe('a session', () => {
  it('has a new identifier after the sign-in, and the old one opens nothing (no fixation)', async () => {
    for (const start of [hub.client.authorizationUrl(), `${hub.issuer}/login`]) {
      const victim = new ProxiedBrowser(hub);
      // What an attacker would plant: the identifier of a session of their own making.
      const attacker = new ProxiedBrowser(hub);
      await attacker.open(`${hub.issuer}/oidc/device`);
      const planted = await sessionOf(attacker);
      expect(planted.id).toBeDefined();
      for (const { name, value } of planted.cookies)
        await victim.jar.setCookie(
          `${name}=${value}; Path=/c/${hub.community.slug}; Secure`,
          hub.issuer,
        );
      const page = await victim.open(start);
      await victim.submit(page, '#login-form', {
        username: hub.member.username,
        password: PASSWORD,
      });
      const after = await sessionOf(victim);
      expect(after.id).not.toBe(planted.id);
      const page2 = await attacker.open(`${hub.issuer}/account`);
      expect(page2.document.querySelector('#login-form')).not.toBeNull();
    }
  });

  it('of one host is refused on any other: cookies are signed for their community and host', async () => {
    const neighbour = await buildCommunity(hub.database);
    const hosts = {
      [hub.community.id]: 'second.lieu.example',
      [neighbour.id]: 'login.voisin.example',
    };
    await giveHosts(hub, hub.community, [new URL(OWN).host, 'second.lieu.example']);
    await giveHosts(hub, neighbour, ['login.voisin.example']);
    for (const [party, others] of [
      [hub.client, [OWN, ...Object.values(hosts).map((host) => `https://${host}`)]],
      [ownApp, [hub.issuer, ...Object.values(hosts).map((host) => `https://${host}`)]],
    ] as const) {
      const visitor = new ProxiedBrowser(hub);
      await party.signIn(visitor, hub.member.username);
      const { cookies } = await sessionOf(visitor, party.issuer);
      expect(cookies).toHaveLength(2);
      for (const issuer of others) {
        const atHost = new URL(issuer).pathname === '/';
        const rename = (name: string) =>
          name.replace(
            /^.*_session/,
            `${atHost ? '__Host-trousseau' : `trousseau_${hub.community.slug}`}_session`,
          );
        const cookie = cookies.map(({ name, value }) => `${rename(name)}=${value}`).join('; ');
        const { host, pathname } = new URL(issuer);
        const answer = await sendRaw(hub, `${pathname.replace(/\/$/, '')}/account`, {
          headers: { host, cookie, 'x-forwarded-for': '192.0.2.1' },
        });
        expect([issuer, answer.status]).toEqual([issuer, 303]);
        expect(answer.headers.location).toMatch(/\/login\?return_to=%2Faccount$/);
      }
    }
  });

  it('reaches a member’s home by its own cookies, sent the same way', async () => {
    const visitor = new ProxiedBrowser(hub);
    await ownApp.signIn(visitor, hub.member.username);
    const { cookies } = await sessionOf(visitor, OWN);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const headers = { host: new URL(OWN).host, cookie, 'x-forwarded-for': '192.0.2.1' };
    expect((await sendRaw(hub, '/', { headers })).status).toBe(200);
  });
});

async function sessionOf(visitor: ProxiedBrowser, issuer = hub.issuer) {
  const all = await visitor.jar.getCookies(`${issuer}/`, { allPaths: true });
  const cookies = all
    .filter(({ key }) => /_session(\.sig)?$/.test(key))
    .map(({ key, value }) => ({ name: key, value }));
  return { cookies, id: cookies.find(({ name }) => name.endsWith('_session'))?.value };
}
