import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import {
  buildCommunity,
  buildMember,
  buildService,
  giveHosts,
  PASSWORD,
} from '../support/factories.ts';
import { startHub } from '../support/hub.ts';
import { RelyingParty, type Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { ProxiedBrowser } from './proxied-browser.ts';
import { asForm, sendRaw } from './raw-request.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', DEVICE];

const client = {
  grants: GRANTS,
  id: 'same-id',
  postLogoutRedirectUris: ['https://after.example/'],
};
const service = { slug: 'wiki', access: 'everyone' } as const;

const hub = useHub({
  community: { slug: 'lieu' },
  // One name is the beginning of the other, as in paths of cookies and prefixes of addresses.
  neighbour: { slug: 'lieu-b' },
  member: {},
  service,
  client,
});
let theirApp: RelyingParty;
let browser: Browser;
let tokens: Tokens;

beforeAll(async () => {
  const theirService = await buildService(hub, hub.neighbour, service, client);
  theirApp = new RelyingParty(hub.url, hub.neighbour, theirService);
  await buildService(hub, hub.neighbour, { slug: 'closed', access: 'approval' });
  browser = newBrowser();
  tokens = await hub.client.tokens(await hub.client.signIn(browser, hub.member.username));
});

const newBrowser = () => new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
const uidOf = (page: Page) => page.url.split('/').pop() as string;

/** All rows that carry the other community. */
async function theirState() {
  const tables = [
    'sessions',
    'oidc_artifacts',
    'consents',
    'accounts',
    'memberships',
    'outbox',
    'service_clients',
  ];
  const counts = tables.map(
    (table) =>
      `(SELECT count(*)::int FROM ${table} WHERE community_id = $1 ${table === 'sessions' ? 'AND subject IS NOT NULL' : ''}${table === 'oidc_artifacts' ? `AND kind <> 'Interaction'` : ''}) AS ${table}`,
  );
  const [row] = await hub.database.query(`SELECT ${counts.join(', ')}`, [hub.neighbour.id]);
  return row;
}

/** The browser's cookies of our community under every name and path that the other one would read. */
async function disguised(): Promise<string> {
  const cookies = await browser.jar.getCookies(`${hub.issuer}/x`, { allPaths: true });
  return cookies
    .map(
      ({ key, value }) =>
        `${key.replace(`trousseau_${hub.community.slug}_`, `trousseau_${hub.neighbour.slug}_`)}=${value}`,
    )
    .join('; ');
}

describe('what opens something in one community', () => {
  it('opens no page of another, under whatever name its cookies come', async () => {
    const before = await theirState();
    const cookie = await disguised();
    expect(cookie).toContain(`trousseau_${hub.neighbour.slug}_session.sig=`);
    const csrf = (await newBrowser().open(`${theirApp.issuer}/login`)).document
      .querySelector('input[name=csrf]')
      ?.getAttribute('value') as string;
    for (const path of [
      '',
      '/consent/x',
      '/access/x',
      '/oidc/auth/x',
      '/oidc/device',
      '/oidc/session/end',
    ]) {
      const answer = await sendRaw(hub, `/c/${hub.neighbour.slug}${path}`, { headers: { cookie } });
      expect([path, answer.text.includes(hub.member.username)]).toEqual([path, false]);
      expect([path, answer.text.includes('sign-out-everywhere')]).toEqual([path, false]);
    }
    for (const path of [
      '/services/closed/request',
      '/sign-out-everywhere',
      '/consent/x',
      '/access/x/request',
      '/oidc/session/end/confirm',
    ]) {
      const form = asForm({ csrf, xsrf: csrf, logout: 'yes', decision: 'allow' });
      const answer = await sendRaw(hub, `/c/${hub.neighbour.slug}${path}`, {
        ...form,
        headers: { ...form.headers, cookie },
      });
      expect([path, answer.status]).toEqual([
        path,
        expect.toSatisfy((status: number) => status >= 303 && status < 500),
      ]);
    }
    expect(await theirState()).toEqual(before);
    expect((await browser.open(hub.issuer)).document.querySelector('h1')?.text).toBe(
      'Mes services',
    );
  });

  it('is asked for at its own place only: an interaction of one is none of another', async () => {
    const visitor = newBrowser();
    const page = await visitor.open(hub.client.authorizationUrl());
    const cookies = await visitor.jar.getCookies(page.url, { allPaths: true });
    const cookie = cookies
      .map(
        ({ key, value }) =>
          `${key.replace(`trousseau_${hub.community.slug}_`, `trousseau_${hub.neighbour.slug}_`)}=${value}`,
      )
      .join('; ');
    for (const path of [`/login/${uidOf(page)}`, `/oidc/auth/${uidOf(page)}`]) {
      expect(
        (await sendRaw(hub, `/c/${hub.neighbour.slug}${path}`, { headers: { cookie } })).status,
      ).toBe(400);
    }
  });

  it('is unknown as code, token, pushed request or device code, though the client’s name is the same', async () => {
    const before = await theirState();
    const code = (await hub.client.signIn(browser, hub.member.username)).get('code') as string;
    const pushed = (await (
      await hub.client.post('/oidc/request', {
        client_id: hub.service.clientId,
        response_type: 'code',
        scope: 'openid',
        redirect_uri: hub.service.redirectUri,
      })
    ).json()) as { request_uri: string };
    expect(pushed.request_uri).toMatch(/^urn:/);
    const device = (await (
      await hub.client.post('/oidc/device/auth', { scope: 'openid' })
    ).json()) as Record<string, string>;
    const machine = (await (
      await hub.client.post('/oidc/token', { grant_type: 'client_credentials' })
    ).json()) as Tokens;
    // The one secret serves both, as where one password is set everywhere.
    expect(theirApp.basic()).toBe(hub.client.basic());
    const grants: Record<string, string>[] = [
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: hub.service.redirectUri,
        code_verifier: hub.client.verifier,
      },
      { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string },
      { grant_type: DEVICE, device_code: device.device_code as string },
    ];
    for (const fields of grants) {
      const answer = await theirApp.post('/oidc/token', fields);
      expect([
        fields.grant_type,
        answer.status,
        ((await answer.json()) as { error: string }).error,
      ]).toEqual([fields.grant_type, 400, 'invalid_grant']);
    }
    for (const token of [
      tokens.access_token,
      tokens.refresh_token as string,
      machine.access_token,
      code,
    ]) {
      expect((await theirApp.userinfo(token)).status).toBe(401);
      expect(await (await theirApp.post('/oidc/token/introspection', { token })).json()).toEqual({
        active: false,
      });
      await theirApp.post('/oidc/token/revocation', { token });
    }
    const asked = await newBrowser().open(
      `${theirApp.issuer}/oidc/auth?client_id=same-id&request_uri=${encodeURIComponent(pushed.request_uri)}`,
    );
    expect(theirApp.answer(asked).get('error')).toBe('invalid_request_uri');
    expect(theirApp.answer(asked).get('code')).toBeNull();
    expect(await theirState()).toEqual(before);
    // None of it was used up or ended where it belongs.
    expect((await hub.client.userinfo(tokens.access_token)).status).toBe(200);
    expect((await hub.client.redeem(code)).status).toBe(200);
    tokens = (await (await hub.client.refresh(tokens.refresh_token as string)).json()) as Tokens;
    expect(tokens.access_token).toBeDefined();
  });

  it('signs nobody out next door: not by an ID token, nor by a client’s name', async () => {
    const end = (party: RelyingParty, params: Record<string, string>) =>
      browser.open(`${party.issuer}/oidc/session/end?${new URLSearchParams(params)}`);
    expect((await end(theirApp, { id_token_hint: tokens.id_token })).status).toBe(400);
    await end(theirApp, {
      id: 'same-id',
      post_logout_redirect_uri: 'https://after.example/',
    });
    expect((await browser.open(hub.issuer)).document.querySelector('h1')?.text).toBe(
      'Mes services',
    );
  });

  it('hints at nobody next door', async () => {
    const page = await newBrowser().open(
      theirApp.authorizationUrl({ id_token_hint: tokens.id_token }),
    );
    expect(page.document.querySelector('#login-form')).toBeNull();
    expect(page.text).not.toContain(hub.member.username);
  });
});

describe('a name', () => {
  it('of a community is exact: no other case, encoding or part of it', async () => {
    for (const slug of [
      'LIEU',
      'Lieu',
      'li%65u',
      'lieu.',
      'lieu%20',
      'lieu%2F',
      'lie',
      'lieu;x',
      '%6Cieu',
      'lieu%00',
    ]) {
      const answer = await sendRaw(hub, `/c/${slug}/.well-known/openid-configuration`);
      expect([slug, answer.status]).toEqual([slug, 404]);
    }
  });

  it('of a community does not reach another by dots in the path', async () => {
    for (const path of [
      `/c/${hub.community.slug}/../${hub.neighbour.slug}/login`,
      `/c/${hub.community.slug}/%2e%2e/${hub.neighbour.slug}/login`,
      `/c/${hub.community.slug}//login`,
      `/c//${hub.community.slug}/login`,
      `/c/${hub.community.slug}/oidc/../login`,
    ]) {
      expect([path, (await sendRaw(hub, path)).status]).toEqual([path, 404]);
    }
  });
});

describe('a service', () => {
  it('is known at the issuer it was registered with, and at no other of its own community', async () => {
    const own = await startHub({
      TROUSSEAU_URL: 'https://hub.example',
      TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8',
    });
    try {
      const community = await buildCommunity(own.database);
      const issuer = 'https://login.lieu.example';
      const someone = await buildMember(own.database, community.id);
      const atPath = new RelyingParty(own.url, community, await buildService(own, community));
      await giveHosts(own, community, ['login.lieu.example']);
      const atHost = new RelyingParty(own.url, community, await buildService(own, community));
      Object.assign(atHost, { issuer });
      for (const [party, elsewhere] of [
        [atPath, issuer],
        [atHost, atPath.issuer],
      ] as const) {
        const visitor = new ProxiedBrowser(own);
        const code = (await party.signIn(visitor, someone.username)).get('code') as string;
        expect(code).not.toBeNull();
        const page = await visitor.open(party.authorizationUrl().replace(party.issuer, elsewhere));
        expect([page.status, page.document.querySelector('h1')?.text]).toEqual([
          400,
          'Application inconnue',
        ]);
        const form = asForm({
          grant_type: 'authorization_code',
          code,
          redirect_uri: party.service.redirectUri,
          code_verifier: party.verifier,
        });
        const target = new URL(`${elsewhere}/oidc/token`);
        const answer = await sendRaw(own, target.pathname, {
          ...form,
          headers: { ...form.headers, host: target.host, authorization: party.basic() },
        });
        expect([answer.status, JSON.parse(answer.text).error]).toEqual([401, 'invalid_client']);
      }
    } finally {
      await own.stop();
    }
  });
});

it('a member who is gone from one community and known in another by the same name and password is two people', async () => {
  const twin = await buildMember(hub.database, hub.neighbour.id, { username: hub.member.username });
  expect(twin.subject).not.toBe(hub.member.subject);
  const page = await newBrowser().open(`${theirApp.issuer}/login`);
  await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
    twin.subject,
  ]);
  const visitor = newBrowser();
  const refused = await visitor.submit(await visitor.open(page.url), '#login-form', {
    username: twin.username,
    password: PASSWORD,
  });
  expect(refused.status).toBe(403);
  const welcome = await visitor.submit(await visitor.open(`${hub.issuer}/login`), '#login-form', {
    username: hub.member.username,
    password: PASSWORD,
  });
  expect(welcome.document.querySelector('h1')?.text).toBe('Mes services');
});
