import { describe, expect, it } from 'vitest';
import type { Page } from '../support/browser.ts';
import { PASSWORD } from '../support/factories.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { newBrowser } from './answers.ts';

// Basic OP: what an authorization request may hold, and what is done with one that is wrong.

const hub = useHub({ member: {}, client: {} });

const signIn = (params: Record<string, string | undefined> = {}, relyingParty = hub.client) =>
  relyingParty.signIn(newBrowser(), hub.member.username, params);

const open = (params: Record<string, string | undefined> = {}, relyingParty = hub.client) =>
  newBrowser().open(relyingParty.authorizationUrl(params));

function expectErrorPage(page: Page, app: RelyingParty): void {
  expect(page.status).toBe(400);
  expect(page.url.startsWith(app.issuer)).toBe(true);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.document.querySelector('h1')).not.toBeNull();
}

describe('a request that is right', () => {
  it('gives an ID token with all that Core §2 asks for, and nothing that only userinfo holds', async () => {
    const tokens = await hub.client.tokens(await signIn());
    const idToken = await hub.client.idToken(tokens);
    expect(idToken).toMatchObject({
      iss: hub.issuer,
      sub: hub.member.subject,
      aud: hub.service.clientId,
      nonce: 'the-nonce',
    });
    const now = Math.floor(Date.now() / 1000);
    expect(idToken.iat).toBeGreaterThan(now - 60);
    expect(idToken.exp).toBeGreaterThan(now);
    expect(idToken.azp ?? hub.service.clientId).toBe(hub.service.clientId);
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'openid profile email' });
    expect(tokens.expires_in).toBeGreaterThan(0);
    expect(tokens.id_token.split('.')).toHaveLength(3);
    expect(tokens.access_token.split('.')).toHaveLength(1);
  });

  it('needs no nonce in the code flow, and then no nonce comes back', async () => {
    expect(
      await hub.client.idToken(await hub.client.tokens(await signIn({ nonce: undefined }))),
    ).not.toHaveProperty('nonce');
  });

  it('needs no state, and then none comes back', async () => {
    expect((await signIn({ state: undefined })).has('state')).toBe(false);
  });

  it('brings back a state of 128 characters as it was', async () => {
    const state = `${'Zz9-._~'.repeat(18)}ab`;
    expect((await signIn({ state })).get('state')).toBe(state);
  });

  it.each([
    ['display=page', { display: 'page' }],
    ['display=popup', { display: 'popup' }],
    ['an unknown parameter', { extra: 'foobar' }],
    ['ui_locales of a language that we do not speak', { ui_locales: 'se' }],
    ['claims_locales', { claims_locales: 'se' }],
    ['an unknown acr', { acr_values: '1 2' }],
    ['login_hint', { login_hint: 'buffy@localhost' }],
    ['another order of scopes', { scope: 'email openid' }],
    ['a scope twice', { scope: 'openid profile email openid' }],
    ['scopes that we do not know', { scope: 'openid address phone offline' }],
    ['PKCE', {}],
  ])('succeeds with %s', async (_name, params) => {
    const tokens = await hub.client.tokens(await signIn(params));
    expect((await hub.client.idToken(tokens)).sub).toBe(hub.member.subject);
  });

  it('that names our acr gets it in the ID token', async () => {
    const acr = 'https://refeds.org/profile/sfa';
    const tokens = await hub.client.tokens(await signIn({ acr_values: `${acr} other` }));
    expect((await hub.client.idToken(tokens)).acr).toBe(acr);
  });

  it('may come by POST', async () => {
    const browser = newBrowser();
    await hub.client.signIn(browser, hub.member.username);
    const { origin, pathname, searchParams } = new URL(hub.client.authorizationUrl());
    const back = await browser.open(origin + pathname, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://app.example',
      },
      body: searchParams.toString(),
    });
    expect((await hub.client.tokens(hub.client.answer(back))).id_token).toBeTruthy();
  });

  it('by POST is asked to come again by GET, so that it brings the session’s cookie', async () => {
    const { origin, pathname, searchParams } = new URL(
      hub.client.authorizationUrl({ login_hint: 'é&=' }),
    );
    const response = await fetch(origin + pathname, {
      method: 'POST',
      redirect: 'manual',
      body: searchParams,
    });
    expect(response.status).toBe(303);
    const target = new URL(response.headers.get('location') as string, origin);
    expect(Object.fromEntries(target.searchParams)).toEqual(Object.fromEntries(searchParams));
  });

  it('may go without PKCE where the client has a secret', async () => {
    const answer = await signIn({ code_challenge: undefined, code_challenge_method: undefined });
    const response = await hub.client.post('/oidc/token', {
      grant_type: 'authorization_code',
      code: answer.get('code') as string,
      redirect_uri: hub.service.redirectUri,
    });
    expect(response.status).toBe(200);
  });
});

describe('the sign-in page', () => {
  it('has the name that the app hints at, ready to be changed', async () => {
    const page = await open({ login_hint: 'alice@lieu.example' });
    const username = page.document.querySelector('#login-form #username');
    expect(username?.getAttribute('value')).toBe('alice@lieu.example');
    expect(username?.getAttribute('type')).toBe('text');
  });

  it('is in the language that the app asks for', async () => {
    const page = await open({ ui_locales: 'de en fr' });
    expect(page.document.querySelector('html')?.getAttribute('lang')).toBe('en');
    expect(page.headers.get('content-language')).toBe('en');
  });

  it('is in the language that the member chose here, whatever the app asks for', async () => {
    const browser = newBrowser();
    const page = await browser.open(hub.client.authorizationUrl({ ui_locales: 'en' }));
    const french = await browser.submit(page, 'form.language', {}, '#language-fr');
    expect(french.document.querySelector('html')?.getAttribute('lang')).toBe('fr');
    expect(french.document.querySelector('#login-form')).not.toBeNull();
  });

  it('says no more of a hinted name that exists than of one that does not', async () => {
    const text = async (login_hint: string) =>
      (await open({ login_hint })).text
        .replaceAll(login_hint, 'X')
        .replaceAll(/"[\w.-]{20,}"|login\/[\w-]+/g, '');
    expect(await text(hub.member.email)).toBe(await text('nobody@lieu.example'));
  });
});

describe('a request that is wrong', () => {
  it.each([
    ['without response_type', { response_type: undefined }, 'invalid_request'],
    [
      'with an unsigned request object',
      { request: 'eyJhbGciOiJub25lIn0.e30.' },
      'request_not_supported',
    ],
    [
      'with a request_uri',
      { request_uri: 'https://app.example/request' },
      'request_uri_not_supported',
    ],
    ['with prompt=none and another', { prompt: 'none login' }, 'invalid_request'],
    ['with an unknown prompt', { prompt: 'dance' }, 'invalid_request'],
    ['with claims that are not JSON', { claims: '{' }, 'invalid_request'],
    ['with PKCE of a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['with a negative max_age', { max_age: '-1' }, 'invalid_request'],
  ] as const)('%s is refused at the app', async (_name, params, error) => {
    const page = await open(params);
    const answer = hub.client.answer(page);
    expect(answer.get('error')).toBe(error);
    expect(answer.get('state')).toBe('the-state');
    expect(answer.get('iss')).toBe(hub.issuer);
  });

  it('for a response type that is not offered is refused where such an answer is looked for', async () => {
    const page = await open({ response_type: 'id_token' });
    hub.client.answer(page);
    expect(page.url).toContain('#error=unsupported_response_type');
  });

  it('with an address that is not registered is refused on a page, never sent there', async () => {
    for (const redirect_uri of [
      'https://evil.example/callback',
      `${hub.service.redirectUri}/more`,
      `${hub.service.redirectUri}?more=1`,
      hub.service.redirectUri.replace('https:', 'http:'),
    ]) {
      const page = await open({ redirect_uri });
      expectErrorPage(page, hub.client);
      expect(page.text).not.toContain(`href="${redirect_uri}`);
    }
  });

  it('of an unknown client is refused on a page', async () => {
    expectErrorPage(await open({ client_id: 'nobody' }), hub.client);
    expectErrorPage(await open({ client_id: undefined }), hub.client);
  });

  it('of a client of another community is one of an unknown client', async () => {
    const other = await startOther();
    const url = new URL(
      hub.client.authorizationUrl({
        client_id: other.service.clientId,
        redirect_uri: other.service.redirectUri,
      }),
    );
    expectErrorPage(await newBrowser().open(url.href), hub.client);
  });

  it('with a parameter twice is refused', async () => {
    const page = await newBrowser().open(`${hub.client.authorizationUrl()}&state=second`);
    expect(page.url + page.text).toContain('invalid_request');
  });
});

async function startOther(): Promise<RelyingParty> {
  const { buildCommunity, buildService } = await import('../support/factories.ts');
  const community = await buildCommunity(hub.database);
  return new RelyingParty(hub.url, community, await buildService(hub, community));
}

describe('the redirect address', () => {
  it('may hold a query, which comes back beside the answer', async () => {
    const redirectUri =
      'https://blog.example/wp-admin/admin-ajax.php?action=openid-connect-authorize';
    const blog = await hub.newClient({ redirectUris: [redirectUri] });
    blog.service.redirectUri = redirectUri;
    const answer = await signIn({}, blog);
    expect(answer.get('action')).toBe('openid-connect-authorize');
    expect(answer.has('code')).toBe(true);
  });

  it('may be one of several, each of which matches exactly', async () => {
    const uris = [
      'https://cloud.example/apps/user_oidc/code',
      'https://cloud.example/index.php/apps/user_oidc/code',
    ];
    const cloud = await hub.newClient({ redirectUris: uris });
    for (const redirectUri of uris) {
      cloud.service.redirectUri = redirectUri;
      expect((await signIn({}, cloud)).has('code')).toBe(true);
    }
  });

  it('at the token endpoint must be the one of the request', async () => {
    const answer = await signIn();
    const response = await hub.client.redeem(answer.get('code') as string, {
      redirect_uri: 'https://other.example/callback',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('the sign-in form', () => {
  it('takes a wrong password with the same page, and then the right one', async () => {
    const browser = newBrowser();
    let page = await browser.open(hub.client.authorizationUrl());
    page = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: 'no',
    });
    expect(page.status).toBe(400);
    page = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    });
    expect(hub.client.isBack(page) || page.document.querySelector('#consent-form') !== null).toBe(
      true,
    );
  });
});
