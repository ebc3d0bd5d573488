import { beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../support/browser.ts';
import { useHub } from '../support/use-hub.ts';
import { newBrowser } from './answers.ts';

// Form Post OP: the Basic profile with response_mode=form_post. What differs is the way of the answer.

const hub = useHub({ member: {}, client: {} });

beforeAll(async () => {
  await hub.client.signIn(newBrowser(), hub.member.username);
});

const FORM_POST = { response_mode: 'form_post' };

async function signedInBrowser() {
  const browser = newBrowser();
  await hub.client.signIn(browser, hub.member.username);
  return browser;
}

function fieldsOf(page: Page): URLSearchParams {
  const form = page.document.querySelector('#submit-form');
  expect(form?.getAttribute('method')).toBe('post');
  expect(form?.getAttribute('action')).toBe(hub.service.redirectUri);
  const fields = new URLSearchParams();
  for (const input of form?.querySelectorAll('input') ?? [])
    fields.set(input.getAttribute('name') ?? '', input.getAttribute('value') ?? '');
  return fields;
}

describe('response_mode=form_post', () => {
  it('brings code, state and issuer in a form, which the app redeems as ever', async () => {
    const browser = await signedInBrowser();
    const page = await browser.open(hub.client.authorizationUrl(FORM_POST));
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toBe('no-store');
    const answer = fieldsOf(page);
    expect([...answer.keys()].sort()).toEqual(['code', 'iss', 'state']);
    expect(answer.get('state')).toBe('the-state');
    expect(answer.get('iss')).toBe(hub.issuer);
    expect((await hub.client.idToken(await hub.client.tokens(answer))).sub).toBe(
      hub.member.subject,
    );
  });

  it('brings it after a sign-in as well', async () => {
    const browser = newBrowser();
    const question = await browser.open(hub.client.authorizationUrl(FORM_POST));
    const page = await browser.submit(question, '#login-form', {
      username: hub.member.username,
      password: 'correct horse battery staple',
    });
    expect((await hub.client.tokens(fieldsOf(page))).id_token).toBeTruthy();
  });

  it('brings it after a sign-in during which a sign-out was begun and left', async () => {
    const browser = await signedInBrowser();
    const question = await browser.open(
      hub.client.authorizationUrl({ ...FORM_POST, prompt: 'login' }),
    );
    await browser.open(`${hub.issuer}/oidc/session/end`);
    const page = await browser.submit(question, '#login-form', {
      username: hub.member.username,
      password: 'correct horse battery staple',
    });
    expect(fieldsOf(page).has('code')).toBe(true);
  });

  it('brings errors the same way', async () => {
    const page = await newBrowser().open(
      hub.client.authorizationUrl({ ...FORM_POST, prompt: 'none' }),
    );
    const answer = fieldsOf(page);
    expect(Object.fromEntries(answer)).toMatchObject({
      error: 'login_required',
      state: 'the-state',
      iss: hub.issuer,
    });
    expect(page.url).not.toContain('error');
  });

  it.each(['none', 'RS256'])(
    'brings the refusal of a request object that asks for it, signed with %s, with its state',
    async (alg) => {
      const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const { clientId, redirectUri } = hub.service;
      const claims = { client_id: clientId, redirect_uri: redirectUri, response_type: 'code' };
      const inside = { ...FORM_POST, state: 'the-state-inside', scope: 'openid', nonce: 'n' };
      const request = `${text({ alg })}.${text({ ...claims, ...inside })}.${alg === 'none' ? '' : 'c2ln'}`;
      // As the suite sends it: beside the object stands only what OAuth wants there.
      const page = await newBrowser().open(
        hub.client.authorizationUrl({ state: undefined, nonce: undefined, request }),
      );
      expect(Object.fromEntries(fieldsOf(page))).toMatchObject({
        error: 'request_not_supported',
        state: 'the-state-inside',
        iss: hub.issuer,
      });
    },
  );

  it('does not bring a refusal to an address that is not registered, whatever the object says', async () => {
    const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const inside = { ...FORM_POST, redirect_uri: 'https://evil.example/' };
    const request = `${text({ alg: 'none' })}.${text(inside)}.`;
    const page = await newBrowser().open(
      hub.client.authorizationUrl({ redirect_uri: undefined, request }),
    );
    expect(page.status).toBe(400);
    expect(page.document.querySelector('#submit-form')).toBeNull();
  });

  it.each(['not.a.jwt', 'x', 'a.b.c.d.e', '.e30.'])(
    'brings the refusal of what is no request object (%s) as the address says',
    async (request) => {
      const page = await newBrowser().open(hub.client.authorizationUrl({ ...FORM_POST, request }));
      expect(fieldsOf(page).get('error')).toBe('request_not_supported');
    },
  );

  it('brings the error of a request without response_type the same way', async () => {
    const page = await newBrowser().open(
      hub.client.authorizationUrl({ ...FORM_POST, response_type: undefined }),
    );
    expect(fieldsOf(page).get('error')).toBe('invalid_request');
  });

  it('keeps what an app sent as its state as it was, whatever is in it', async () => {
    const state = `"><script>alert(1)</script>&amp;'é\\ ${'x'.repeat(100)}`;
    const browser = await signedInBrowser();
    const page = await browser.open(hub.client.authorizationUrl({ ...FORM_POST, state }));
    expect(page.text).not.toContain('<script>alert');
    expect(fieldsOf(page).get('state')).toBe(state);
  });
});

describe('the page that sends the form', () => {
  it('is the community’s own, in the visitor’s language', async () => {
    const browser = await signedInBrowser();
    const french = await browser.open(hub.client.authorizationUrl(FORM_POST));
    expect(french.document.querySelector('html')?.getAttribute('lang')).toBe('fr');
    expect(french.document.querySelector('title')?.text).toContain(hub.community.slug);
    const english = await browser.open(
      hub.client.authorizationUrl({ ...FORM_POST, ui_locales: 'en-GB fr' }),
    );
    expect(english.document.querySelector('html')?.getAttribute('lang')).toBe('en');
  });

  it('works by a button without scripts, and by a script of our own with them', async () => {
    const page = await (await signedInBrowser()).open(hub.client.authorizationUrl(FORM_POST));
    expect(page.document.querySelector('#submit-form button[type=submit]')?.text).toBe('Continuer');
    const [script, ...others] = page.document.querySelectorAll('script');
    expect(others).toEqual([]);
    const source = await fetch(new URL(script?.getAttribute('src') as string, page.url));
    expect(source.headers.get('content-type')).toMatch(/javascript/);
    expect(await source.text()).toContain("getElementById('submit-form')");
  });

  it('lets its form go to the app, and no script run that is not ours', async () => {
    const page = await (await signedInBrowser()).open(hub.client.authorizationUrl(FORM_POST));
    const policy = page.headers.get('content-security-policy') as string;
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/form-action|unsafe|sha256/);
  });
});
