import { generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { loadKeySet } from '../../src/domain/signing-keys/signing-key-store.ts';
import type { Browser, Page } from '../support/browser.ts';
import type { Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { newBrowser } from './answers.ts';

// RP-Initiated Logout OP: oidcc-rp-initiated-logout and its variants. Each ends with an
// authorization request with prompt=none, which tells whether the member is signed out.

const AFTER = 'https://after.example/signed-out';
const hub = useHub({ member: {}, client: { postLogoutRedirectUris: [AFTER] } });
let browser: Browser;
let tokens: Tokens;

/** A sign-in, then the browser at the end session endpoint with these parameters. */
async function end(params: (signedIn: Tokens) => Record<string, string>): Promise<Page> {
  browser = newBrowser();
  tokens = await hub.client.tokens(await hub.client.signIn(browser, hub.member.username));
  return browser.open(`${hub.issuer}/oidc/session/end?${new URLSearchParams(params(tokens))}`);
}

const confirm = (page: Page) => browser.submit(page, '#logout-form', {}, '#logout-confirm');

async function isSignedIn(): Promise<boolean> {
  const page = await browser.open(hub.client.authorizationUrl({ prompt: 'none' }));
  const error = hub.client.answer(page).get('error');
  if (error !== null) expect(error).toBe('login_required');
  return error === null;
}

function expectGoodbye(page: Page): void {
  expect(page.status).toBe(200);
  expect(page.document.querySelector('#logged-out')).not.toBeNull();
  expect(page.url.startsWith(hub.issuer)).toBe(true);
}

async function expectRefused(page: Page): Promise<void> {
  expect(page.status).toBe(400);
  expect(page.url.startsWith(hub.issuer)).toBe(true);
  expect(page.document.querySelector('#logout-form')).toBeNull();
  expect(await isSignedIn()).toBe(true);
}

const STATE = 'Zz9-._~'.repeat(18);

describe('a sign-out asked for by an app', () => {
  it('ends the session and comes back to the app with its state', async () => {
    const page = await end(({ id_token }) => ({
      id_token_hint: id_token,
      post_logout_redirect_uri: AFTER,
      state: STATE,
    }));
    const back = await confirm(page);
    const { origin, pathname, searchParams } = new URL(back.url);
    expect(origin + pathname).toBe(AFTER);
    expect([...searchParams]).toEqual([['state', STATE]]);
    expect(await isSignedIn()).toBe(false);
  });

  it('without a state comes back without one', async () => {
    const page = await end(({ id_token }) => ({
      id_token_hint: id_token,
      post_logout_redirect_uri: AFTER,
    }));
    expect((await confirm(page)).url).toBe(AFTER);
    expect(await isSignedIn()).toBe(false);
  });

  it('with another state than that of the sign-in comes back with this one', async () => {
    const page = await end(({ id_token }) => ({
      id_token_hint: id_token,
      post_logout_redirect_uri: AFTER,
      state: 'another',
    }));
    expect(new URL((await confirm(page)).url).searchParams.get('state')).toBe('another');
  });

  it('with an ID token whose hour is past comes back all the same', async () => {
    const keys = await loadKeySet(hub.database, hub.sealer, hub.community.id);
    const key = keys?.jwks.find(({ alg }) => alg === 'RS256') as JWK;
    const past = await new SignJWT({ sub: hub.member.subject })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid as string })
      .setIssuer(hub.issuer)
      .setAudience(hub.service.clientId)
      .setIssuedAt(Math.floor(Date.now() / 1000) - 86_400)
      .setExpirationTime(Math.floor(Date.now() / 1000) - 82_800)
      .sign(await importJWK(key));
    const page = await end(() => ({ id_token_hint: past, post_logout_redirect_uri: AFTER }));
    expect((await confirm(page)).url).toBe(AFTER);
    expect(await isSignedIn()).toBe(false);
  });

  it('may come by POST', async () => {
    await end(() => ({}));
    const page = await browser.open(`${hub.issuer}/oidc/session/end`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://app.example',
      },
      body: new URLSearchParams({
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: AFTER,
      }).toString(),
    });
    expect((await confirm(page)).url).toBe(AFTER);
    expect(await isSignedIn()).toBe(false);
  });

  it('may name itself by client_id where it has no ID token', async () => {
    const page = await end(() => ({
      client_id: hub.service.clientId,
      post_logout_redirect_uri: AFTER,
    }));
    expect(await isSignedIn()).toBe(true);
    expect((await confirm(page)).url).toBe(AFTER);
    expect(await isSignedIn()).toBe(false);
  });

  it('may give its address without encoding it', async () => {
    await end(() => ({}));
    const page = await browser.open(
      `${hub.issuer}/oidc/session/end?post_logout_redirect_uri=${AFTER}&client_id=${hub.service.clientId}`,
    );
    expect((await confirm(page)).url).toBe(AFTER);
  });

  it('without an address ends the session and says so', async () => {
    expectGoodbye(await confirm(await end(({ id_token }) => ({ id_token_hint: id_token }))));
    expect(await isSignedIn()).toBe(false);
  });

  it.each([
    ['without any parameter', {}],
    ['with a state alone', { state: STATE }],
  ])('%s asks, ends the session and says so', async (_name, params) => {
    const page = await end(() => params as Record<string, string>);
    expect(await isSignedIn()).toBe(true);
    expectGoodbye(await confirm(page));
    expect(await isSignedIn()).toBe(false);
  });

  it('without a hint is not sent back to the address, and asks', async () => {
    const page = await end(() => ({ post_logout_redirect_uri: AFTER, state: STATE }));
    expect(page.document.querySelector('#logout-form')).not.toBeNull();
    expectGoodbye(await confirm(page));
  });

  it('speaks the language that the app asks for', async () => {
    const page = await end(() => ({ ui_locales: 'en' }));
    expect(page.document.querySelector('html')?.getAttribute('lang')).toBe('en');
  });
});

describe('a sign-out that is wrong is refused on a page, and nobody is signed out', () => {
  it('to an address that is not registered', async () => {
    await expectRefused(
      await end(({ id_token }) => ({
        id_token_hint: id_token,
        post_logout_redirect_uri: 'https://evil.example/',
        state: STATE,
      })),
    );
  });

  it('to a registered address with a query added', async () => {
    await expectRefused(
      await end(({ id_token }) => ({
        id_token_hint: id_token,
        post_logout_redirect_uri: `${AFTER}?foo=bar`,
        state: STATE,
      })),
    );
  });

  it('with an ID token that was changed', async () => {
    await expectRefused(
      await end(({ id_token }) => {
        const [header, payload = '', signature] = id_token.split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
        const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'someone' }));
        return {
          id_token_hint: `${header}.${changed.toString('base64url')}.${signature}`,
          post_logout_redirect_uri: AFTER,
        };
      }),
    );
  });

  it('with an ID token that somebody else signed', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT({ sub: hub.member.subject })
      .setProtectedHeader({ alg: 'RS256', kid: 'theirs' })
      .setIssuer(hub.issuer)
      .setAudience(hub.service.clientId)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    await expectRefused(
      await end(() => ({ id_token_hint: forged, post_logout_redirect_uri: AFTER })),
    );
  });

  it('with what is no ID token at all', async () => {
    await expectRefused(await end(() => ({ id_token_hint: 'not.a.token' })));
  });

  it('with an ID token of one client and the name of another', async () => {
    const other = await hub.newClient();
    await expectRefused(
      await end(({ id_token }) => ({
        id_token_hint: id_token,
        client_id: other.service.clientId,
      })),
    );
  });
});

describe('the question', () => {
  it('is not answered by another site: the form’s secret is the session’s', async () => {
    const page = await end(() => ({}));
    const body = new URLSearchParams({ xsrf: 'guessed', logout: 'yes' }).toString();
    const action = page.document.querySelector('#logout-form')?.getAttribute('action') as string;
    const refused = await browser.open(new URL(action, page.url).href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    expect(refused.status).toBe(400);
    expect(await isSignedIn()).toBe(true);
  });

  it('may be answered by leaving the one app only', async () => {
    const page = await end(({ id_token }) => ({
      id_token_hint: id_token,
      post_logout_redirect_uri: AFTER,
    }));
    const back = await browser.submit(page, '#logout-form', {}, '#logout-cancel');
    expect(back.url).toBe(AFTER);
    expect(await isSignedIn()).toBe(true);
    expect((await hub.client.refresh(tokens.refresh_token as string)).status).toBe(400);
  });
});

describe('where nobody is signed in', () => {
  it('the app gets its member back by a form of ours, without a question', async () => {
    const signedIn = await hub.client.tokens(
      await hub.client.signIn(newBrowser(), hub.member.username),
    );
    const visitor = newBrowser({ 'accept-language': 'en' });
    const page = await visitor.open(
      `${hub.issuer}/oidc/session/end?${new URLSearchParams({
        id_token_hint: signedIn.id_token,
        post_logout_redirect_uri: AFTER,
        state: 'bye',
      })}`,
    );
    expect(page.document.querySelector('html')?.getAttribute('lang')).toBe('en');
    expect(page.document.querySelector('title')?.text).toContain(hub.community.slug);
    const back = await visitor.submit(page, '#submit-form');
    expect(back.url).toBe(`${AFTER}?state=bye`);
  });
});
