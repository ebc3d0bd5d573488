import { beforeAll, expect, it } from 'vitest';
import { Browser } from './support/browser.ts';
import { buildService } from './support/factories.ts';
import { RelyingParty, type Tokens } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const client = {
  grants: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
};
const hub = useHub({ neighbour: {}, member: {}, service: { slug: 'wiki' }, client });
/** An app of the other community that has the same client id and secret, as two lieux that follow one guide would. */
let theirApp: RelyingParty;
let browser: Browser;
let tokens: Tokens;

beforeAll(async () => {
  theirApp = new RelyingParty(
    hub.url,
    hub.neighbour,
    await buildService(hub, hub.neighbour, { slug: 'wiki' }, client),
  );
  browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  tokens = await hub.client.tokens(await hub.client.signIn(browser, hub.member.username));
});

it('a session of one community opens nothing in another', async () => {
  const page = await browser.open(theirApp.authorizationUrl());
  expect(page.document.querySelector('#login-form')).not.toBeNull();
  expect(
    (await browser.open(`${theirApp.issuer}/account`)).document.querySelector('#login-form'),
  ).not.toBeNull();
});

it('a session’s cookie renamed for another community opens nothing there', async () => {
  const thief = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  for (const cookie of await browser.jar.getCookies(`${hub.issuer}/`, { allPaths: true })) {
    const name = cookie.key
      .replace(hub.community.slug.replaceAll('-', '_'), hub.neighbour.slug)
      .replace(hub.community.slug, hub.neighbour.slug);
    await thief.jar.setCookie(`${name}=${cookie.value}; Path=/`, hub.url);
  }
  const page = await thief.open(theirApp.authorizationUrl());
  expect(page.document.querySelector('#login-form')).not.toBeNull();
});

it('a member of one community cannot sign in to another', async () => {
  const visitor = new Browser();
  const page = await visitor.open(`${theirApp.issuer}/login`);
  const answer = await visitor.submit(page, '#login-form', {
    username: hub.member.username,
    password: 'correct horse battery staple',
  });
  expect(answer.status).toBe(400);
});

it('a code, an access token and a refresh token of one community are unknown to another', async () => {
  const code = (await hub.client.signIn(browser, hub.member.username)).get('code') as string;
  const redeemed = await theirApp.redeem(code, {
    redirect_uri: hub.service.redirectUri,
    code_verifier: hub.client.verifier,
  });
  expect([redeemed.status, await redeemed.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  expect((await theirApp.userinfo(tokens.access_token)).status).toBe(401);
  expect((await theirApp.refresh(tokens.refresh_token as string)).status).toBe(400);
  const introspected = await theirApp.post('/oidc/token/introspection', {
    token: tokens.access_token,
  });
  expect(await introspected.json()).toEqual({ active: false });
  await theirApp.post('/oidc/token/revocation', { token: tokens.access_token });
  await hub.app.settle();
  expect((await hub.client.userinfo(tokens.access_token)).status).toBe(200);
});

it('an ID token of one community is no hint in another, and signs nobody out there', async () => {
  const end = new URL(`${theirApp.issuer}/oidc/session/end`);
  end.searchParams.set('id_token_hint', tokens.id_token);
  expect((await browser.open(end.href)).status).toBe(400);
  expect((await hub.client.userinfo(tokens.access_token)).status).toBe(200);
});

it('a question asked by one community cannot be answered at another', async () => {
  const visitor = new Browser();
  const page = await visitor.open(hub.client.authorizationUrl());
  const uid = page.url.split('/').pop();
  expect((await visitor.open(`${theirApp.issuer}/login/${uid}`)).status).toBe(400);
});

it('a device’s code of one community is unknown to another', async () => {
  const response = await hub.client.post('/oidc/device/auth', { scope: 'openid' });
  const { user_code: userCode, device_code: deviceCode } = (await response.json()) as Record<
    string,
    string
  >;
  const page = await browser.open(`${theirApp.issuer}/oidc/device`);
  const answer = await browser.submit(page, '#device-form', { user_code: userCode as string });
  expect(answer.document.querySelector('#fault')).not.toBeNull();
  const polled = await theirApp.post('/oidc/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode as string,
  });
  expect(polled.status).toBe(400);
});

it('a subject differs per community, so that their apps cannot tell who is who', async () => {
  const [row] = await hub.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM memberships GROUP BY subject HAVING count(*) > 1',
  );
  expect(row).toBeUndefined();
});
