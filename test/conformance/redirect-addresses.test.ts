import { describe, expect, it } from 'vitest';
import type { ClientChange } from '../../src/domain/services/service-change.ts';
import { Browser } from '../support/browser.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';

// Addresses that apps fix (RFC 8252 §7, RFC 9700 §4.1), by the kind of client that a service says it is.

const hub = useHub({ member: {} });

const native = (uris: string[], more = {}) =>
  hub.newClient({ kind: 'native', redirectUris: uris, ...more });
/** A browser that stops wherever it is sent away from the hub, be it to this machine. */
const newBrowser = () => new Browser({ stopAt: (url) => url.origin !== new URL(hub.url).origin });
const PUBLIC: ClientChange = { auth: 'none' };

/** Where the browser is sent with an answer; a page of ours when the address is refused. */
async function ask(app: RelyingParty, redirect_uri: string) {
  return newBrowser().open(app.authorizationUrl({ redirect_uri, prompt: 'none' }));
}

async function isSentTo(app: RelyingParty, redirectUri: string): Promise<boolean> {
  const page = await ask(app, redirectUri);
  if (page.status === 400) return false;
  expect(new URL(page.url).searchParams.get('error')).toBe('login_required');
  const [asked, came] = [redirectUri, page.url].map((uri) =>
    (uri.split('?')[0] ?? '').replace(/\/$/, ''),
  );
  expect(came).toBe(asked);
  return true;
}

describe('a native client', () => {
  it.each([
    'oc://android.owncloud.com',
    'app.immich:///oauth-callback',
    'com.example:/callback',
    'cryptpad:callback',
    'mytool:',
  ])('comes back to the scheme that its app fixes: %s', async (uri) => {
    const app = await native([uri], PUBLIC);
    app.service.redirectUri = uri;
    const answer = await app.signIn(newBrowser(), hub.member.username);
    expect(answer.get('state')).toBe('the-state');
    const response = await fetch(`${app.issuer}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: app.service.clientId,
        code: answer.get('code') as string,
        redirect_uri: uri,
        code_verifier: app.verifier,
      }),
    });
    expect(response.status).toBe(200);
  });

  it.each([
    ['http://127.0.0.1', 'http://127.0.0.1:49152'],
    ['http://127.0.0.1', 'http://127.0.0.1:49152/'],
    ['http://127.0.0.1/', 'http://127.0.0.1:49152'],
    ['http://localhost', 'http://localhost:8080'],
    ['http://localhost/', 'http://localhost:8080/'],
    ['http://localhost:1234/cb', 'http://localhost:49152/cb'],
    ['http://[::1]/cb', 'http://[::1]:49152/cb'],
    ['http://127.0.0.1/cb?app=1', 'http://127.0.0.1:49152/cb?app=1'],
  ])('that registered %s comes back to %s, too', async (registered, asked) => {
    expect(await isSentTo(await native([registered]), asked)).toBe(true);
  });

  it.each([
    'http://127.0.0.1:49152/other',
    'http://127.0.0.1:49152/cb/',
    'http://127.0.0.1:49152/cb?added=1',
    'http://127.0.0.1:49152/cb/..;/other',
    'http://127.0.0.1:49152/cb#fragment',
    'http://localhost:49152/cb',
    'https://127.0.0.1:49152/cb',
    'http://127.0.0.1:49152@evil.example/cb',
    'http://user@127.0.0.1:49152/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.1:99999999/cb',
    'http://127.1:49152/cb',
    'http://2130706433/cb',
    'HTTP://127.0.0.1:49152/cb',
    'http://127.0.0.1:49152\\@evil.example/cb',
    'http://127.0.0.1:49152/%63b',
  ])('that registered http://127.0.0.1/cb does not come back to %s', async (asked) => {
    expect((await ask(await native(['http://127.0.0.1/cb']), asked)).status).toBe(400);
  });

  it.each([
    'OC://android.owncloud.com',
    'oc://android.owncloud.com/',
    'oc://android.owncloud.com.evil',
  ])('that registered oc://android.owncloud.com does not come back to %s', async (asked) => {
    expect((await ask(await native(['oc://android.owncloud.com']), asked)).status).toBe(400);
  });

  it('on a computer may have a secret, and proves itself by PKCE as well', async () => {
    const app = await native(['http://localhost'], { pkce: true });
    app.service.redirectUri = 'http://localhost:49152';
    const without = await newBrowser().open(
      app.authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }),
    );
    expect(app.answer(without).get('error')).toBe('invalid_request');
    const tokens = await app.tokens(await app.signIn(newBrowser(), hub.member.username));
    expect((await app.idToken(tokens)).sub).toBe(hub.member.subject);
  });

  it('beside its server is asked about at its scheme each time, and at the server once', async () => {
    const app = await native(['https://photos.example/auth/login', 'app.immich:///oauth-callback']);
    const browser = newBrowser();
    app.service.redirectUri = 'https://photos.example/auth/login';
    await app.signIn(browser, hub.member.username);
    expect(app.isBack(await browser.open(app.authorizationUrl()))).toBe(true);
    app.service.redirectUri = 'app.immich:///oauth-callback';
    const page = await browser.open(app.authorizationUrl());
    expect(page.document.querySelector('#consent-form')).not.toBeNull();
  });

  it('comes back to plain http in the local network where the community says so, and only there', async () => {
    const uris = ['app.immich:///oauth-callback', 'http://192.168.1.20:2283/auth/login'];
    const allowed = await native(uris, { lanHttp: true });
    expect(await isSentTo(allowed, 'http://192.168.1.20:2283/auth/login')).toBe(true);
    expect((await ask(allowed, 'http://192.168.1.20:2284/auth/login')).status).toBe(400);
    const refused = await native(uris.slice(0, 1));
    await store(refused, uris);
    expect((await ask(refused, 'http://192.168.1.20:2283/auth/login')).status).toBe(400);
  });

  it('comes back after a sign-out by the same rule', async () => {
    const app = await native(['http://127.0.0.1/cb'], {
      postLogoutRedirectUris: ['http://127.0.0.1', 'oc://android.owncloud.com'],
    });
    const end = (uri: string) =>
      newBrowser().open(
        `${app.issuer}/oidc/session/end?${new URLSearchParams({
          client_id: app.service.clientId,
          post_logout_redirect_uri: uri,
        })}`,
      );
    for (const uri of ['http://127.0.0.1:49152/', 'oc://android.owncloud.com'])
      expect((await end(uri)).document.querySelector('#submit-form')).not.toBeNull();
    for (const uri of ['http://127.0.0.1:49152/x', 'oc://android'])
      expect((await end(uri)).status).toBe(400);
  });
});

/** Writes past every rule, as an older version or a mistake of ours would. */
async function store(app: RelyingParty, uris: string[]): Promise<void> {
  await hub.database.query('UPDATE service_clients SET redirect_uris = $2 WHERE service_id = $1', [
    app.service.id,
    uris,
  ]);
  await hub.app.settle();
}

describe('a client of another kind', () => {
  it.each(['web', 'spa'] as const)(
    '%s: has no ports and no schemes to choose from',
    async (kind) => {
      const uris = ['http://localhost:3000/cb', 'https://app.example/cb'];
      const app = await hub.newClient({ ...PUBLIC, kind, redirectUris: uris });
      await store(app, [...uris, 'oc://android']);
      expect(await isSentTo(app, 'http://localhost:3000/cb')).toBe(true);
      expect(await isSentTo(app, 'https://app.example/cb')).toBe(true);
      for (const uri of ['http://localhost:3001/cb', 'https://app.example/cb/', 'oc://android'])
        expect((await ask(app, uri)).status).toBe(400);
    },
  );
});

it.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://app.example/x',
  'about:blank',
  'view-source:https://app.example/',
  'intent://scan/',
])(
  'an address that no app may have is not answered, even where it came to be stored: %j',
  async (uri) => {
    const app = await native(['https://app.example/cb']);
    await store(app, ['https://app.example/cb', uri]);
    const page = await ask(app, uri);
    expect(page.status).toBe(400);
    expect(page.url.startsWith(app.issuer)).toBe(true);
  },
);
