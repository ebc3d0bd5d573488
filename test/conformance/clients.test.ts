import { describe, expect, it } from 'vitest';
import type { ClientChange } from '../../src/domain/services/service-change.ts';
import type { RelyingParty, Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// Kinds of clients: without a secret (RFC 7636, RFC 9700 §2.1.1), native (RFC 8252), in the browser (CORS).

const hub = useHub({ member: {} });

const PUBLIC: ClientChange = { auth: 'none' };
const NATIVE: ClientChange = { ...PUBLIC, kind: 'native' };

function redeem(
  app: RelyingParty,
  code: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${app.issuer}/oidc/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: app.service.clientId,
      code,
      redirect_uri: app.service.redirectUri,
      code_verifier: app.verifier,
      ...fields,
    }),
  });
}

const codeFor = async (app: RelyingParty) =>
  (await app.signIn(newBrowser(), hub.member.username)).get('code') as string;

describe('a client without a secret', () => {
  it('is refused without PKCE', async () => {
    const app = await hub.newClient(PUBLIC);
    const page = await newBrowser().open(
      app.authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }),
    );
    expect(app.answer(page).get('error')).toBe('invalid_request');
  });

  it('redeems its code with the verifier, and with no other', async () => {
    const app = await hub.newClient(PUBLIC);
    const wrong = await redeem(app, await codeFor(app), { code_verifier: 'x'.repeat(43) });
    expect(wrong.status).toBe(400);
    const right = await redeem(app, await codeFor(app));
    expect((await app.idToken((await json(right)) as unknown as Tokens)).sub).toBe(
      hub.member.subject,
    );
  });

  it('has refresh tokens that change with every use', async () => {
    const app = await hub.newClient(PUBLIC);
    const { refresh_token } = await json(await redeem(app, await codeFor(app)));
    const refresh = () =>
      fetch(`${app.issuer}/oidc/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: app.service.clientId,
          refresh_token: refresh_token as string,
        }),
      });
    expect((await json(await refresh())).refresh_token).not.toBe(refresh_token);
    expect((await refresh()).status).toBe(400);
  });
});

describe('a confidential client that must use PKCE', () => {
  it('is refused without it', async () => {
    const app = await hub.newClient({ pkce: true });
    const page = await newBrowser().open(
      app.authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }),
    );
    expect(app.answer(page).get('error')).toBe('invalid_request');
  });
});

describe('a native client', () => {
  it('comes back to the scheme of its own', async () => {
    const app = await hub.newClient({ ...NATIVE, redirectUris: ['org.example.app:/callback'] });
    app.service.redirectUri = 'org.example.app:/callback';
    expect((await redeem(app, await codeFor(app))).status).toBe(200);
  });

  it('comes back to whatever port of the loopback it has got', async () => {
    const registered = 'http://127.0.0.1/callback';
    const app = await hub.newClient({ ...NATIVE, redirectUris: [registered] });
    app.service.redirectUri = 'http://127.0.0.1:49152/callback';
    const right = await redeem(app, await codeFor(app));
    expect(right.status).toBe(200);
  });

  it('is asked about each time, since another app could give itself out for it (RFC 8252 §8.6)', async () => {
    const app = await hub.newClient({ ...NATIVE, redirectUris: ['http://127.0.0.1/callback'] });
    app.service.redirectUri = 'http://127.0.0.1:49152/callback';
    const browser = newBrowser();
    await app.signIn(browser, hub.member.username);
    const page = await browser.open(app.authorizationUrl());
    expect(page.document.querySelector('#consent-form')).not.toBeNull();
  });

  it('is none where it does not say so: its port matches exactly', async () => {
    const app = await hub.newClient({
      ...PUBLIC,
      redirectUris: ['http://127.0.0.1:5000/callback'],
    });
    const page = await newBrowser().open(
      app.authorizationUrl({ redirect_uri: 'http://127.0.0.1:5001/callback' }),
    );
    expect(page.status).toBe(400);
  });
});

describe('scripts of a page', () => {
  const origin = (app: RelyingParty) => new URL(app.service.redirectUri).origin;

  it('of a client without a secret may redeem a code and read userinfo', async () => {
    const app = await hub.newClient(PUBLIC);
    const headers = { origin: origin(app) };
    const response = await redeem(app, await codeFor(app), {}, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin(app));
    expect(response.headers.get('vary')).toMatch(/origin/i);
    const { access_token } = await json(response);
    const userinfo = await fetch(`${app.issuer}/oidc/me`, {
      headers: { ...headers, authorization: `Bearer ${access_token}` },
    });
    expect(userinfo.headers.get('access-control-allow-origin')).toBe(origin(app));
  });

  it('are told beforehand that they may', async () => {
    const app = await hub.newClient(PUBLIC);
    const response = await fetch(`${app.issuer}/oidc/me`, {
      method: 'OPTIONS',
      headers: {
        origin: origin(app),
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
  });

  it('of another site may not read the answer', async () => {
    const app = await hub.newClient(PUBLIC);
    const response = await redeem(app, await codeFor(app), {}, { origin: 'https://evil.example' });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('never bring the member’s session along', async () => {
    const app = await hub.newClient(PUBLIC);
    const response = await redeem(app, await codeFor(app), {}, { origin: origin(app) });
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});
