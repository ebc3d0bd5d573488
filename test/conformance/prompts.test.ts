import { describe, expect, it } from 'vitest';
import type { Browser, Page } from '../support/browser.ts';
import { PASSWORD } from '../support/factories.ts';
import { useHub } from '../support/use-hub.ts';
import { newBrowser } from './answers.ts';

// Basic OP: prompt, max_age, id_token_hint, and what is asked of the sign-in by acr and sub.

const ACR = 'https://refeds.org/profile/sfa';
const hub = useHub({ member: {}, client: {} });

type Params = Record<string, string | undefined>;
const asksForPassword = (page: Page) => page.document.querySelector('#login-form') !== null;

/** A browser in which the member is signed in to the app, and what the app learned by it. */
async function signedIn(params: Params = {}, relyingParty = hub.client) {
  const browser = newBrowser();
  const tokens = await relyingParty.tokens(
    await relyingParty.signIn(browser, hub.member.username, params),
  );
  return { browser, tokens, claims: await relyingParty.idToken(tokens) };
}

async function typePassword(browser: Browser, page: Page, who = hub.member): Promise<Page> {
  return browser.submit(page, '#login-form', { username: who.username, password: PASSWORD });
}

async function errorOf(browser: Browser, params: Params): Promise<string | null> {
  return hub.client.answer(await browser.open(hub.client.authorizationUrl(params))).get('error');
}

/** Lets the clock come to a second, in seconds since 1970. */
async function comeTo(seconds: number): Promise<void> {
  await expect.poll(() => Date.now() / 1000, { timeout: 10_000 }).toBeGreaterThan(seconds);
}

describe('prompt=none', () => {
  it('is answered with login_required where nobody is signed in, without a page', async () => {
    expect(await errorOf(newBrowser(), { prompt: 'none' })).toBe('login_required');
  });

  it('is answered with tokens of the same member, session and sign-in where somebody is', async () => {
    const { browser, claims } = await signedIn({ max_age: '3600' });
    const answer = hub.client.answer(
      await browser.open(hub.client.authorizationUrl({ prompt: 'none', max_age: '3600' })),
    );
    const again = await hub.client.idToken(await hub.client.tokens(answer));
    expect(again.sub).toBe(claims.sub);
    expect(again.auth_time).toBe(claims.auth_time);
    expect(again.nonce).toBe('the-nonce');
  });

  it('is answered with consent_required where the app asks for more than the member has seen', async () => {
    const other = await hub.newClient({ scopes: ['openid', 'profile', 'email', 'groups'] });
    const { browser } = await signedIn({}, other);
    const page = await browser.open(
      other.authorizationUrl({ prompt: 'none', scope: 'openid groups' }),
    );
    expect(other.answer(page).get('error')).toBe('consent_required');
  });

  it('is answered with access_denied or an interaction’s error where the service is closed to the member', async () => {
    const { browser } = await signedIn();
    const closed = await hub.newClient({}, { access: 'approval' });
    const page = await browser.open(closed.authorizationUrl({ prompt: 'none' }));
    expect(closed.answer(page).get('error')).toBe('access_denied');
    expect(closed.answer(page).has('code')).toBe(false);
  });
});

describe('prompt=login', () => {
  it('asks for the password again, and the new sign-in has a later time', async () => {
    const { browser, claims } = await signedIn({ max_age: '3600' });
    const first = claims.auth_time as number;
    await comeTo(first + 1);
    const page = await browser.open(
      hub.client.authorizationUrl({ prompt: 'login', max_age: '3600' }),
    );
    expect(asksForPassword(page)).toBe(true);
    const back = await typePassword(browser, page);
    const again = await hub.client.idToken(await hub.client.tokens(hub.client.answer(back)));
    expect(again.sub).toBe(claims.sub);
    expect(again.auth_time).toBeGreaterThan(first);
  });

  it('says whom it asks, and has fields that can be filled in as the first time', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(hub.client.authorizationUrl({ prompt: 'login' }));
    expect(page.document.querySelector('.person')?.text).toContain(`Prénom ${hub.member.username}`);
    const username = page.document.querySelector('#username');
    expect(username?.getAttribute('type')).toBe('text');
    expect(username?.hasAttribute('readonly')).toBe(false);
    expect(username?.getAttribute('value')).toBe(hub.member.username);
  });

  it('asks once: the next request is let in', async () => {
    const { browser } = await signedIn();
    await typePassword(
      browser,
      await browser.open(hub.client.authorizationUrl({ prompt: 'login' })),
    );
    expect(hub.client.isBack(await browser.open(hub.client.authorizationUrl()))).toBe(true);
  });

  it('lets another member sign in, whose session replaces the first one’s', async () => {
    const { browser, tokens } = await signedIn();
    const other = await hub.newMember();
    let page = await browser.open(hub.client.authorizationUrl({ prompt: 'login' }));
    page = await browser.open(
      new URL(page.document.querySelector('#not-you')?.getAttribute('href') as string, page.url)
        .href,
    );
    expect(page.document.querySelector('#username')?.getAttribute('value') ?? '').toBe('');
    page = await typePassword(browser, page, other);
    expect(page.document.querySelector('title')?.text).toContain(hub.community.slug);
    page = await browser.submit(page, '#submit-form');
    page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
    const idToken = await hub.client.idToken(await hub.client.tokens(hub.client.answer(page)));
    expect(idToken.sub).toBe(other.subject);
    expect((await hub.client.refresh(tokens.refresh_token as string)).status).toBe(400);
  });

  it('with consent asks for both', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(hub.client.authorizationUrl({ prompt: 'login consent' }));
    const consent = await typePassword(browser, page);
    expect(consent.document.querySelector('#consent-form')).not.toBeNull();
    const back = await browser.submit(consent, '#consent-form', {}, '#consent-allow');
    expect(hub.client.answer(back).has('code')).toBe(true);
  });
});

describe('prompt=consent', () => {
  it('shows what is shared again, also to a member who has seen it', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(hub.client.authorizationUrl({ prompt: 'consent' }));
    const back = await browser.submit(page, '#consent-form', {}, '#consent-allow');
    expect(hub.client.answer(back).has('code')).toBe(true);
  });

  it('may be answered with no', async () => {
    const { browser } = await signedIn();
    const other = await hub.newClient({}, { trust: 'third-party' });
    const page = await browser.open(other.authorizationUrl());
    const back = await browser.submit(page, '#consent-form', {}, '#consent-deny');
    expect(other.answer(back).get('error')).toBe('access_denied');
    expect(other.answer(back).get('state')).toBe('the-state');
  });
});

describe('max_age', () => {
  it('of 1 asks for the password again after that second', async () => {
    const { browser, claims } = await signedIn({ max_age: '3600' });
    const first = claims.auth_time as number;
    await comeTo(first + 2);
    const page = await browser.open(hub.client.authorizationUrl({ max_age: '1' }));
    expect(asksForPassword(page)).toBe(true);
    const back = await typePassword(browser, page);
    const again = await hub.client.idToken(await hub.client.tokens(hub.client.answer(back)));
    expect(again.auth_time).toBeGreaterThan(first);
  });

  it('of 0 asks for the password at once', async () => {
    const { browser } = await signedIn();
    expect(asksForPassword(await browser.open(hub.client.authorizationUrl({ max_age: '0' })))).toBe(
      true,
    );
  });

  it('of 10000 lets in by the sign-in there is, and says when that was', async () => {
    const { browser, claims } = await signedIn({ max_age: '10000' });
    const page = await browser.open(hub.client.authorizationUrl({ max_age: '10000' }));
    const again = await hub.client.idToken(await hub.client.tokens(hub.client.answer(page)));
    expect(again.auth_time).toEqual(expect.any(Number));
    expect(again.auth_time).toBe(claims.auth_time);
  });

  it('with prompt=none is answered with login_required when it is past', async () => {
    const { browser, claims } = await signedIn({ max_age: '3600' });
    await comeTo((claims.auth_time as number) + 2);
    expect(await errorOf(browser, { prompt: 'none', max_age: '1' })).toBe('login_required');
  });
});

describe('id_token_hint', () => {
  it('with prompt=none lets the same member in', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.open(
      hub.client.authorizationUrl({ prompt: 'none', id_token_hint: tokens.id_token }),
    );
    expect((await hub.client.idToken(await hub.client.tokens(hub.client.answer(page)))).sub).toBe(
      hub.member.subject,
    );
  });

  it('with prompt=none is answered with login_required when another is signed in', async () => {
    const { tokens } = await signedIn();
    const browser = newBrowser();
    await hub.client.signIn(browser, (await hub.newMember()).username);
    expect(await errorOf(browser, { prompt: 'none', id_token_hint: tokens.id_token })).toBe(
      'login_required',
    );
  });

  it('that was changed is refused', async () => {
    const { browser, tokens } = await signedIn();
    const [header, , signature] = tokens.id_token.split('.');
    const forged = Buffer.from(
      JSON.stringify({ iss: hub.issuer, aud: hub.service.clientId, sub: hub.member.subject }),
    );
    const id_token_hint = `${header}.${forged.toString('base64url')}.${signature}`;
    expect(await errorOf(browser, { id_token_hint })).toBe('invalid_request');
  });

  it('asks the member it means to sign in, and ends with login_required when another does', async () => {
    const { tokens } = await signedIn();
    const other = await hub.newMember();
    const browser = newBrowser();
    await hub.client.signIn(browser, other.username);
    const url = hub.client.authorizationUrl({ id_token_hint: tokens.id_token });
    let page = await browser.open(url);
    expect(asksForPassword(page)).toBe(true);
    expect(page.document.querySelector('.person')).toBeNull();
    page = await typePassword(browser, page, other);
    expect(hub.client.answer(page).get('error')).toBe('login_required');
  });

  it('lets the member whom it means take the place of another', async () => {
    const { tokens } = await signedIn();
    const browser = newBrowser();
    await hub.client.signIn(browser, (await hub.newMember()).username);
    let page = await browser.open(hub.client.authorizationUrl({ id_token_hint: tokens.id_token }));
    page = await typePassword(browser, page);
    page = await browser.submit(page, '#submit-form');
    expect((await hub.client.idToken(await hub.client.tokens(hub.client.answer(page)))).sub).toBe(
      hub.member.subject,
    );
  });
});

it('auth_time is when the member proved who they are, and not when the browser brought it back', async () => {
  const browser = newBrowser();
  const page = await browser.open(hub.client.authorizationUrl({ max_age: '3600' }));
  const form = page.document.querySelector('#login-form');
  const fields: Record<string, string> = { username: hub.member.username, password: PASSWORD };
  for (const input of form?.querySelectorAll('input[type=hidden]') ?? [])
    fields[input.getAttribute('name') as string] = input.getAttribute('value') ?? '';
  const action = new URL(form?.getAttribute('action') as string, page.url).href;
  const answer = await browser.send(action, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: hub.url },
    body: new URLSearchParams(fields).toString(),
  });
  const proven = Date.now() / 1000;
  await comeTo(Math.floor(proven) + 2);
  let back = await browser.open(new URL(answer.headers.get('location') as string, action).href);
  if (back.document.querySelector('#consent-form') !== null)
    back = await browser.submit(back, '#consent-form', {}, '#consent-allow');
  const claims = await hub.client.idToken(await hub.client.tokens(hub.client.answer(back)));
  expect(claims.auth_time).toBeLessThanOrEqual(proven);
});

describe('an essential acr', () => {
  const essential = (acr: object) =>
    JSON.stringify({ id_token: { acr: { essential: true, ...acr } } });

  it('that a password gives is given', async () => {
    const { claims } = await signedIn({ claims: essential({ values: ['other', ACR] }) });
    expect(claims.acr).toBe(ACR);
  });

  it.each([{ value: 'urn:gold' }, { values: ['urn:gold', 'urn:silver'] }])(
    'that no sign-in here gives (%o) is answered with an error at once, not with a page without end',
    async (acr) => {
      const { browser } = await signedIn();
      for (const visitor of [newBrowser(), browser]) {
        const page = await visitor.open(hub.client.authorizationUrl({ claims: essential(acr) }));
        expect(hub.client.answer(page).get('error')).toBe('unmet_authentication_requirements');
      }
    },
  );

  it('of no value in particular is no hindrance', async () => {
    const { claims } = await signedIn({ claims: essential({}) });
    expect(claims.acr).toBe(ACR);
  });
});

describe('an asked-for sub', () => {
  const claimsFor = (sub: string) => JSON.stringify({ id_token: { sub: { value: sub } } });

  it('of the member signed in is let in', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(
      hub.client.authorizationUrl({ prompt: 'none', claims: claimsFor(hub.member.subject) }),
    );
    expect(hub.client.answer(page).has('code')).toBe(true);
  });

  it('of another ends with login_required, when the same member signs in again', async () => {
    const { browser } = await signedIn();
    const other = await hub.newMember();
    const page = await browser.open(
      hub.client.authorizationUrl({ claims: claimsFor(other.subject) }),
    );
    const back = await typePassword(browser, page);
    expect(hub.client.answer(back).get('error')).toBe('login_required');
  });
});
