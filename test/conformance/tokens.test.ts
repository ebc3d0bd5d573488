import { describe, expect, it } from 'vitest';
import { buildCommunity, buildService } from '../support/factories.ts';
import { RelyingParty, type Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// Basic OP: the token endpoint; and refresh, client_credentials, introspection (RFC 7662),
// revocation (RFC 7009) and pushed requests (RFC 9126).

const hub = useHub({ member: {}, client: {} });

const answer = (relyingParty = hub.client, params = {}) =>
  relyingParty.signIn(newBrowser(), hub.member.username, params);
const tokensOf = async (relyingParty = hub.client, params = {}) =>
  relyingParty.tokens(await answer(relyingParty, params));

async function expectOAuthError(response: Response, status: number, error: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await json(response)).toMatchObject({ error });
}

describe('the token endpoint', () => {
  it('answers so that nothing keeps the tokens on the way', async () => {
    const response = await hub.client.redeem((await answer()).get('code') as string);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'takes the secret by either way of a client that is registered with %s',
    async (method) => {
      const client = await hub.newClient({ auth: method });
      const { clientId: client_id, clientSecret: client_secret } = client.service;
      const redeem = async (fields: Record<string, string>, headers: Record<string, string>) =>
        fetch(`${client.issuer}/oidc/token`, {
          method: 'POST',
          headers,
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            code: (await answer(client)).get('code') as string,
            redirect_uri: client.service.redirectUri,
            code_verifier: client.verifier,
            ...fields,
          }),
        });
      expect((await redeem({}, { authorization: client.basic() })).status).toBe(200);
      expect((await redeem({ client_id, client_secret }, {})).status).toBe(200);
      expect((await redeem({ client_id }, { authorization: client.basic() })).status).toBe(200);
    },
  );

  it('says by which scheme to authenticate when the secret of the header is wrong', async () => {
    const wrong = Buffer.from(`${hub.service.clientId}:wrong`).toString('base64');
    const response = await hub.client.post(
      '/oidc/token',
      { grant_type: 'authorization_code', code: 'x' },
      { authorization: `Basic ${wrong}` },
    );
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    await expectOAuthError(response, 401, 'invalid_client');
  });

  it.each([
    ['an unknown code', { code: 'unknown' }, 'invalid_grant'],
    ['a wrong verifier', { code_verifier: 'w'.repeat(43) }, 'invalid_grant'],
    ['no verifier where there was a challenge', { code_verifier: '' }, 'invalid_grant'],
    ['an unknown grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
  ])('refuses %s', async (_name, fields, error) => {
    const response = await hub.client.redeem((await answer()).get('code') as string, fields);
    await expectOAuthError(response, 400, error);
  });

  it('refuses the code of another client', async () => {
    const other = await hub.newClient();
    const code = (await answer()).get('code') as string;
    await expectOAuthError(await other.redeem(code), 400, 'invalid_grant');
  });
});

describe('a code', () => {
  it('is redeemed once; when it comes twice, all that it gave ends', async () => {
    const code = (await answer()).get('code') as string;
    const tokens = (await json(await hub.client.redeem(code))) as unknown as Tokens;
    expect((await hub.client.userinfo(tokens.access_token)).status).toBe(200);
    await expectOAuthError(await hub.client.redeem(code), 400, 'invalid_grant');
    expect((await hub.client.userinfo(tokens.access_token)).status).toBe(401);
    await expectOAuthError(
      await hub.client.refresh(tokens.refresh_token as string),
      400,
      'invalid_grant',
    );
  });

  it('is refused for as long as a minute after, and longer, with the same answer', async () => {
    const code = (await answer()).get('code') as string;
    const tokens = (await json(await hub.client.redeem(code))) as unknown as Tokens;
    await hub.database.query(
      `UPDATE oidc_artifacts SET expires_at = now() - interval '1 minute' WHERE kind = 'AuthorizationCode'`,
    );
    await expectOAuthError(await hub.client.redeem(code), 400, 'invalid_grant');
    expect(tokens.access_token).toBeTruthy();
  });
});

describe('a refresh token', () => {
  it('comes of offline access, asked for with prompt=consent', async () => {
    const other = await hub.newClient(
      { scopes: ['openid', 'profile', 'email', 'offline_access'] },
      { trust: 'third-party' },
    );
    const tokens = await tokensOf(other, {
      scope: 'openid offline_access',
      prompt: 'consent',
    });
    expect(tokens.refresh_token).toMatch(/^[\x21-\x7e]+$/);
    expect(tokens.scope.split(' ')).toContain('offline_access');
  });

  it('gives an ID token of the same member, client and sign-in, made anew', async () => {
    const tokens = await tokensOf(hub.client, { max_age: '3600' });
    const before = await hub.client.idToken(tokens);
    const response = await hub.client.refresh(tokens.refresh_token as string);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const refreshed = (await json(response)) as unknown as Tokens;
    const after = await hub.client.idToken(refreshed);
    for (const claim of ['iss', 'sub', 'aud', 'auth_time', 'azp'])
      expect([claim, after[claim]]).toEqual([claim, before[claim]]);
    expect(after.iat).toBeGreaterThanOrEqual(before.iat as number);
    expect(refreshed.access_token).not.toBe(tokens.access_token);
    expect((await hub.client.userinfo(refreshed.access_token)).status).toBe(200);
  });

  it('is the client’s own: with another client’s secret it gives nothing, and goes on working', async () => {
    const other = await hub.newClient();
    const tokens = await tokensOf();
    const response = await other.refresh(tokens.refresh_token as string);
    await expectOAuthError(response, 400, 'invalid_grant');
  });

  it('gives fewer scopes on demand, never more', async () => {
    const tokens = await tokensOf();
    const fewer = await hub.client.refresh(tokens.refresh_token as string, { scope: 'openid' });
    const refreshed = (await json(fewer)) as unknown as Tokens;
    expect(refreshed.scope).toBe('openid');
    const more = await hub.client.refresh(refreshed.refresh_token as string, {
      scope: 'openid groups',
    });
    await expectOAuthError(more, 400, 'invalid_scope');
  });

  it('is not given to a third party that did not ask for offline access', async () => {
    const other = await hub.newClient({}, { trust: 'third-party' });
    expect(await tokensOf(other)).not.toHaveProperty('refresh_token');
  });
});

describe('client_credentials', () => {
  it('gives a service a token of its own, which says nothing of any member', async () => {
    const machine = await hub.newClient({ grants: ['client_credentials'], redirectUris: [] });
    const response = await machine.post('/oidc/token', { grant_type: 'client_credentials' });
    expect(response.status).toBe(200);
    const tokens = (await json(response)) as unknown as Tokens;
    expect(tokens).not.toHaveProperty('id_token');
    expect((await machine.userinfo(tokens.access_token)).status).toBe(401);
  });

  it('is refused to a service that is not registered for it', async () => {
    const response = await hub.client.post('/oidc/token', { grant_type: 'client_credentials' });
    expect(response.status).toBe(400);
    expect(await json(response)).not.toHaveProperty('access_token');
  });
});

describe('introspection', () => {
  const introspect = (token: string, relyingParty = hub.client) =>
    relyingParty.post('/oidc/token/introspection', { token }).then(json);

  it('tells a token’s own client whose it is, while it counts', async () => {
    const tokens = await tokensOf();
    expect(await introspect(tokens.access_token)).toMatchObject({
      active: true,
      client_id: hub.service.clientId,
      sub: hub.member.subject,
      iss: hub.issuer,
      scope: 'openid profile email',
      exp: expect.any(Number),
    });
    expect(await introspect(tokens.refresh_token as string)).toMatchObject({ active: true });
  });

  it('says no more than "inactive" of what is unknown or has ended', async () => {
    const tokens = await tokensOf();
    await hub.client.post('/oidc/token/revocation', { token: tokens.access_token });
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
    expect(await introspect('unknown')).toEqual({ active: false });
  });

  it('tells a service of the same community that has the token, as a mail server has a webmail’s', async () => {
    const tokens = await tokensOf();
    expect(await introspect(tokens.access_token, await hub.newClient())).toMatchObject({
      active: true,
      sub: hub.member.subject,
    });
  });

  it('tells a service of another community nothing', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const service = await buildService(hub, elsewhere);
    const tokens = await tokensOf();
    const stranger = new RelyingParty(hub.url, elsewhere, service);
    expect(await introspect(tokens.access_token, stranger)).toEqual({ active: false });
  });

  it('is refused without a secret', async () => {
    const response = await fetch(`${hub.issuer}/oidc/token/introspection`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x', client_id: hub.service.clientId }),
    });
    await expectOAuthError(response, 401, 'invalid_client');
  });
});

describe('revocation', () => {
  const revoke = (token: string, relyingParty = hub.client) =>
    relyingParty.post('/oidc/token/revocation', { token });

  it('of a refresh token ends it and the access tokens that it gave', async () => {
    const tokens = await tokensOf();
    expect((await revoke(tokens.refresh_token as string)).status).toBe(200);
    expect((await hub.client.refresh(tokens.refresh_token as string)).status).toBe(400);
    expect((await hub.client.userinfo(tokens.access_token)).status).toBe(401);
  });

  it('of an unknown token says yes, so that nobody learns anything', async () => {
    expect((await revoke('unknown')).status).toBe(200);
  });

  it('of another client’s token ends nothing', async () => {
    const other = await hub.newClient();
    const tokens = await tokensOf();
    await revoke(tokens.access_token, other);
    expect((await hub.client.userinfo(tokens.access_token)).status).toBe(200);
  });
});

describe('a pushed request', () => {
  const push = (params: Record<string, string> = {}) => {
    const url = new URL(hub.client.authorizationUrl(params));
    return hub.client.post('/oidc/request', Object.fromEntries(url.searchParams));
  };

  async function pushed(params: Record<string, string> = {}): Promise<string> {
    const response = await push(params);
    expect(response.status).toBe(201);
    const { request_uri, expires_in } = await json(response);
    expect(expires_in).toBeGreaterThan(0);
    return request_uri as string;
  }

  const openPushed = (request_uri: string, browser = newBrowser()) =>
    browser.open(
      `${hub.issuer}/oidc/auth?${new URLSearchParams({ client_id: hub.service.clientId, request_uri })}`,
    );

  it('is answered as one that came by the browser, and serves once', async () => {
    const browser = newBrowser();
    await hub.client.signIn(browser, hub.member.username);
    const request_uri = await pushed({ state: 'pushed' });
    const back = await openPushed(request_uri, browser);
    expect(hub.client.answer(back).get('state')).toBe('pushed');
    expect((await hub.client.tokens(hub.client.answer(back))).id_token).toBeTruthy();
    const again = await openPushed(request_uri, browser);
    expect(again.text + again.url).toContain('invalid_request_uri');
  });

  it('lasts through a sign-in', async () => {
    const browser = newBrowser();
    const page = await openPushed(await pushed(), browser);
    const back = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: 'correct horse battery staple',
    });
    expect(hub.client.answer(back).has('code')).toBe(true);
  });

  it('that is wrong is refused when it is pushed', async () => {
    await expectOAuthError(
      await push({ redirect_uri: 'https://evil.example/' }),
      400,
      'invalid_request',
    );
  });
});
