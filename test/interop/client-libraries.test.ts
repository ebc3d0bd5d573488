import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as oidc from 'openid-client';
import { describe, expect, it } from 'vitest';
import { json, newBrowser } from '../conformance/answers.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { PYTHON } from './support/synapse.ts';

// Libraries that apps are made of, with ids and secrets that not all of them encode alike.

const AUTHLIB = fileURLToPath(new URL('./support/authlib-client.py', import.meta.url));
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const hub = useHub({ member: {} });

const CREDENTIALS: [string, string, string][] = [
  ['plain', 'plain', 'a-secret-of-plain-letters'],
  ['with + % and :', 'cloud+photos:2%', 'se+cret%of:the=cloud/100%25 & more'],
];

function newApp(id: string, secret: string, method: string): Promise<RelyingParty> {
  return hub.newClient({
    id: `${id}-${method}-${Math.random().toString(36).slice(2, 8)}`,
    secret,
    // Registered with the other one: apps change with their updates.
    auth: method === 'client_secret_post' ? 'client_secret_basic' : 'client_secret_post',
    scopes: ['openid', 'profile', 'offline_access'],
    grants: ['authorization_code', 'refresh_token', DEVICE],
  });
}

/** Where a browser in which the member agrees is sent back to. */
async function agree(app: RelyingParty, url: string): Promise<string> {
  const browser = newBrowser();
  let page = await browser.open(url);
  page = await browser.submit(page, '#login-form', {
    username: hub.member.username,
    password: 'correct horse battery staple',
  });
  page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
  expect(app.isBack(page)).toBe(true);
  return page.url;
}

describe.each(CREDENTIALS)('an id and a secret %s', (_name, id, secret) => {
  describe.each(['client_secret_basic', 'client_secret_post'])('by %s', (method) => {
    it('serve an app by Authlib at each endpoint', async () => {
      const app = await newApp(id, secret, method);
      const job = {
        endpoints: await json(await fetch(`${app.issuer}/.well-known/openid-configuration`)),
        id: app.service.clientId,
        secret,
        method,
        redirectUri: app.service.redirectUri,
        verifier: app.verifier,
      };
      const begun = (await authlib(job)) as { url: string; state: string };
      const answer = await agree(app, begun.url);
      expect(await authlib({ ...job, answer, state: begun.state })).toEqual({
        active: true,
        renewed: true,
        sub: hub.member.subject,
        revoked: 200,
      });
    });

    it('serve an app by openid-client at each endpoint', async () => {
      const app = await newApp(id, secret, method);
      const authentication =
        method === 'client_secret_basic'
          ? oidc.ClientSecretBasic(secret)
          : oidc.ClientSecretPost(secret);
      const config = await oidc.discovery(
        new URL(app.issuer),
        app.service.clientId,
        undefined,
        authentication,
        { execute: [oidc.allowInsecureRequests] },
      );
      const url = await oidc.buildAuthorizationUrlWithPAR(config, {
        redirect_uri: app.service.redirectUri,
        scope: 'openid offline_access',
        prompt: 'consent',
        code_challenge: await oidc.calculatePKCECodeChallenge(app.verifier),
        code_challenge_method: 'S256',
      });
      const answer = new URL(await agree(app, url.href));
      const tokens = await oidc.authorizationCodeGrant(config, answer, {
        pkceCodeVerifier: app.verifier,
      });
      expect(tokens.claims()?.sub).toBe(hub.member.subject);
      const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token as string);
      expect(await oidc.tokenIntrospection(config, renewed.access_token)).toMatchObject({
        active: true,
      });
      await oidc.tokenRevocation(config, renewed.access_token);
      expect(await oidc.tokenIntrospection(config, renewed.access_token)).toEqual({
        active: false,
      });
      const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
      expect(device.user_code).toEqual(expect.any(String));
    });
  });
});

/** One run of the Python app. */
async function authlib(job: object): Promise<unknown> {
  const child = spawn(PYTHON, [AUTHLIB], {
    env: { ...process.env, AUTHLIB_INSECURE_TRANSPORT: '1' },
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  child.stdin.end(JSON.stringify(job));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`Authlib failed (${code}):\n${said.err}`);
  return JSON.parse(said.out);
}
