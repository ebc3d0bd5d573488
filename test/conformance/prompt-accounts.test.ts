import { describe, expect, it } from 'vitest';
import type { Browser, Page } from '../support/browser.ts';
import { buildCommunity, buildMember, buildService, PASSWORD } from '../support/factories.ts';
import { NEW_PASSWORD, openRegistration } from '../support/newcomers.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// prompt=select_account (OpenID Connect Core §3.1.2.1) and prompt=create (Initiating User Registration 1.0).

const hub = useHub({ member: {}, client: {} });

const asksForPassword = (page: Page) => page.document.querySelector('#login-form') !== null;

async function signedIn(): Promise<Browser> {
  const browser = newBrowser();
  await hub.client.signIn(browser, hub.member.username);
  return browser;
}

const typePassword = (browser: Browser, page: Page, who = hub.member) =>
  browser.submit(page, '#login-form', { username: who.username, password: PASSWORD });

describe('prompt=select_account', () => {
  it('shows the account that there is, to be confirmed, and a way to another', async () => {
    const browser = await signedIn();
    const page = await browser.open(hub.client.authorizationUrl({ prompt: 'select_account' }));
    expect(asksForPassword(page)).toBe(true);
    expect(page.document.querySelector('.person')?.text).toContain(`Prénom ${hub.member.username}`);
    expect(page.document.querySelector('#not-you')).not.toBeNull();
    const back = await typePassword(browser, page);
    const idToken = await hub.client.idToken(await hub.client.tokens(hub.client.answer(back)));
    expect(idToken.sub).toBe(hub.member.subject);
  });

  it('lets another take its place', async () => {
    const browser = await signedIn();
    const other = await hub.newMember();
    let page = await browser.open(hub.client.authorizationUrl({ prompt: 'select_account' }));
    const href = page.document.querySelector('#not-you')?.getAttribute('href') as string;
    page = await browser.open(new URL(href, page.url).href);
    expect(page.document.querySelector('.person')).toBeNull();
    page = await typePassword(browser, page, other);
    page = await browser.submit(page, '#submit-form');
    page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
    expect((await hub.client.idToken(await hub.client.tokens(hub.client.answer(page)))).sub).toBe(
      other.subject,
    );
  });

  it('is a sign-in like any other where nobody is signed in', async () => {
    const answer = await hub.client.signIn(newBrowser(), hub.member.username, {
      prompt: 'select_account',
    });
    expect(answer.has('code')).toBe(true);
  });

  it('asks once: the next request is let in', async () => {
    const browser = await signedIn();
    await typePassword(
      browser,
      await browser.open(hub.client.authorizationUrl({ prompt: 'select_account' })),
    );
    expect(hub.client.isBack(await browser.open(hub.client.authorizationUrl()))).toBe(true);
  });

  it.each(['select_account login', 'login select_account'])(
    'as "%s" is one question',
    async (prompt) => {
      const browser = await signedIn();
      const page = await browser.open(hub.client.authorizationUrl({ prompt }));
      expect(asksForPassword(page)).toBe(true);
      expect(hub.client.answer(await typePassword(browser, page)).has('code')).toBe(true);
    },
  );

  it('with consent asks for both', async () => {
    const browser = await signedIn();
    const page = await browser.open(
      hub.client.authorizationUrl({ prompt: 'select_account consent' }),
    );
    const consent = await typePassword(browser, page);
    expect(consent.document.querySelector('#consent-form')).not.toBeNull();
    const back = await browser.submit(consent, '#consent-form', {}, '#consent-allow');
    expect(hub.client.answer(back).has('code')).toBe(true);
  });

  it('may be pushed beforehand', async () => {
    const { redirectUri, clientId } = hub.service;
    const pushed = await hub.client.post('/oidc/request', {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      prompt: 'select_account',
    });
    expect(pushed.status).toBe(201);
    const { request_uri } = (await json(pushed)) as { request_uri: string };
    const browser = await signedIn();
    const page = await browser.open(
      `${hub.issuer}/oidc/auth?${new URLSearchParams({ client_id: clientId, request_uri })}`,
    );
    expect(page.document.querySelector('#not-you')).not.toBeNull();
    expect(hub.client.answer(await typePassword(browser, page)).has('code')).toBe(true);
  });
});

describe.each(['select_account', 'create', 'login'])('prompt=none with %s', (value) => {
  it('is refused', async () => {
    const page = await newBrowser().open(hub.client.authorizationUrl({ prompt: `none ${value}` }));
    expect(hub.client.answer(page).get('error')).toBe('invalid_request');
  });
});

it.each(['select_acount', 'register', 'login profile', 'LOGIN'])(
  'prompt=%s, which nobody knows, is refused at the app’s address',
  async (prompt) => {
    const page = await newBrowser().open(hub.client.authorizationUrl({ prompt }));
    expect(Object.fromEntries(hub.client.answer(page))).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('prompt'),
      state: 'the-state',
    });
  },
);

it('discovery lists what may be asked for', async () => {
  const metadata = await json(await fetch(`${hub.issuer}/.well-known/openid-configuration`));
  expect(metadata.prompt_values_supported).toEqual([
    'none',
    'login',
    'consent',
    'select_account',
    'create',
  ]);
});

describe('prompt=create', () => {
  async function openApp(registration: 'open' | 'approval' | 'invitation' | 'closed') {
    const community = await buildCommunity(hub.database, { registration });
    const service = await buildService(hub, community);
    const relyingParty = new RelyingParty(hub.url, community, service);
    return { community, app: relyingParty };
  }

  it.each(['open', 'approval'] as const)(
    'leads to the registration where it is %s',
    async (registration) => {
      const { app } = await openApp(registration);
      const page = await newBrowser().open(app.authorizationUrl({ prompt: 'create' }));
      expect(page.status).toBe(200);
      expect(page.url).toBe(`${app.issuer}/register`);
      expect(page.document.querySelector('#register-form')).not.toBeNull();
    },
  );

  it.each(['invitation', 'closed'] as const)(
    'asks to sign in where registration is %s',
    async (registration) => {
      const { app } = await openApp(registration);
      const page = await newBrowser().open(app.authorizationUrl({ prompt: 'create' }));
      expect(asksForPassword(page)).toBe(true);
    },
  );

  /** Where the registration leads whoever has an account. */
  async function loginLink(browser: Browser, relyingParty: RelyingParty): Promise<string> {
    const page = await browser.open(relyingParty.authorizationUrl({ prompt: 'create' }));
    const links = page.document.querySelectorAll('a').map((a) => a.getAttribute('href') ?? '');
    return new URL(links.find((href) => href.includes('/login/')) as string, page.url).href;
  }

  /** Registers through the link that was sent, in this browser. */
  async function register(browser: Browser, issuer: string, communityId: string, name: string) {
    const { database } = hub;
    const place = { database, issuer };
    const opened = await openRegistration(place, communityId, `${name}@new.example`, browser);
    return browser.submit(opened.page, '#newcomer-form', {
      username: name,
      display_name: name,
      password: NEW_PASSWORD,
    });
  }

  it('goes on into the app once somebody has registered, in the same browser', async () => {
    const { community, app } = await openApp('open');
    const browser = newBrowser();
    await browser.open(app.authorizationUrl({ prompt: 'create' }));
    let page = await register(browser, app.issuer, community.id, 'noemie');
    expect(page.document.querySelector('#consent-form')).not.toBeNull();
    page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
    const tokens = await app.tokens(app.answer(page));
    expect(await (await app.userinfo(tokens.access_token)).json()).toMatchObject({
      preferred_username: 'noemie',
    });
    // What was waited for is done: the next newcomer of this browser is led nowhere else.
    expect(app.answer(page).get('state')).toBe('the-state');
    expect(app.isBack(await browser.open(app.authorizationUrl()))).toBe(true);
  });

  it('goes on, too, where the sign-in page was shown and its link followed', async () => {
    const { community, app } = await openApp('open');
    const browser = newBrowser();
    const login = await browser.open(app.authorizationUrl());
    const href = login.document.querySelector('#register')?.getAttribute('href') as string;
    const form = await browser.open(new URL(href, login.url).href);
    expect(form.document.querySelector('#register-form')).not.toBeNull();
    const page = await register(browser, app.issuer, community.id, 'olympe');
    expect(page.document.querySelector('#consent-form')).not.toBeNull();
  });

  it('lets whoever has an account already sign in, and goes on', async () => {
    const { community, app } = await openApp('open');
    const known = await buildMember(hub.database, community.id);
    const browser = newBrowser();
    const page = await browser.open(await loginLink(browser, app));
    expect(asksForPassword(page)).toBe(true);
    const consent = await typePassword(browser, page, known);
    const back = await browser.submit(consent, '#consent-form', {}, '#consent-allow');
    expect((await app.idToken(await app.tokens(app.answer(back)))).sub).toBe(known.subject);
  });

  it('of a browser that did not begin it ends on the member’s own page', async () => {
    const { community, app } = await openApp('open');
    await newBrowser().open(app.authorizationUrl({ prompt: 'create' }));
    const page = await register(newBrowser(), app.issuer, community.id, 'perrine');
    expect(page.status).toBe(200);
    expect(page.url).toBe(`${app.issuer}/`);
  });

  it('ends with the words that somebody will decide, where somebody has to', async () => {
    const { community, app } = await openApp('approval');
    const browser = newBrowser();
    await browser.open(app.authorizationUrl({ prompt: 'create' }));
    const page = await register(browser, app.issuer, community.id, 'quentin');
    expect(page.url).toBe(`${app.issuer}/register/requested`);
  });

  it('shows the account that there is to whoever is signed in', async () => {
    const { community, app } = await openApp('open');
    const known = await buildMember(hub.database, community.id);
    const browser = newBrowser();
    await app.signIn(browser, known.username);
    const page = await browser.open(app.authorizationUrl({ prompt: 'create' }));
    expect(asksForPassword(page)).toBe(true);
    expect(page.document.querySelector('.person')?.text).toContain(known.username);
    expect(app.answer(await typePassword(browser, page, known)).has('code')).toBe(true);
  });

  it('hands nothing over where nobody has registered', async () => {
    const { app } = await openApp('open');
    const browser = newBrowser();
    const link = await loginLink(browser, app);
    const page = await browser.open(link.replace('?login', '?registered'));
    expect(page.url).toBe(`${app.issuer}/register`);
  });
});
