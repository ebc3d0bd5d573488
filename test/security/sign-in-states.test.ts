import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import { type BuiltMember, PASSWORD } from '../support/factories.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';

const hub = useHub({ member: {}, client: { backchannelLogoutUri: 'https://app.example/logout' } });
let other: BuiltMember;
let onApproval: RelyingParty;

beforeAll(async () => {
  other = await hub.newMember();
  onApproval = await hub.newClient({}, { access: 'approval' });
});

const newBrowser = () => new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
const uidOf = (page: Page) => page.url.split('?')[0]?.split('/').pop() as string;
const credentials = (who: BuiltMember) => ({ username: who.username, password: PASSWORD });
const signIn = (browser: Browser, page: Page, who = hub.member) =>
  browser.submit(page, '#login-form', credentials(who));

/** Codes given and sessions opened so far: what an attack must not add to. */
async function opened() {
  const [row] = await hub.database.query(
    `SELECT (SELECT count(*)::int FROM oidc_artifacts WHERE kind IN ('AuthorizationCode', 'AccessToken')) AS codes,
            (SELECT count(*)::int FROM sessions WHERE subject IS NOT NULL) AS sessions,
            (SELECT count(*)::int FROM consents) AS consents`,
  );
  return row;
}

/** Sends what a page's form would send, to another address and by another browser. */
function sendElsewhere(browser: Browser, url: string, fields: Record<string, string>) {
  return browser.open(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
}

const csrfOf = (page: Page) =>
  page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;

describe('before the sign-in', () => {
  it('no later step opens, by its page or by its form', async () => {
    const before = await opened();
    const browser = newBrowser();
    const page = await browser.open(hub.client.authorizationUrl());
    const uid = uidOf(page);
    for (const step of [`consent/${uid}`, `access/${uid}`]) {
      expect((await browser.open(`${hub.issuer}/${step}`)).status).toBe(400);
    }
    for (const step of [`consent/${uid}`, `access/${uid}/request`, `access/${uid}/return`]) {
      const answer = await sendElsewhere(browser, `${hub.issuer}/${step}`, {
        csrf: csrfOf(page),
        decision: 'allow',
      });
      expect([step, answer.status]).toEqual([step, 400]);
    }
    const resumed = await browser.open(`${hub.issuer}/oidc/auth/${uid}`);
    expect(hub.client.isBack(resumed)).toBe(false);
    expect(await opened()).toEqual(before);
  });

  it('home shows what strangers may see, requests for access and sign-out everywhere lead to the sign-in page', async () => {
    const browser = newBrowser();
    const page = await browser.open(hub.issuer);
    expect(page.document.querySelector('#sign-in')).not.toBeNull();
    expect(page.document.querySelector('.service-tile')).toBeNull();
    for (const path of [`/services/${onApproval.service.slug}/request`, '/sign-out-everywhere']) {
      const answer = await sendElsewhere(browser, hub.issuer + path, { csrf: csrfOf(page) });
      expect(answer.document.querySelector('#login-form')).not.toBeNull();
    }
    expect(await hub.database.query('SELECT 1 FROM accounts')).toEqual([]);
  });

  it('an empty name or password is no sign-in, and costs no try', async () => {
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}/login`);
    for (const fields of [
      { username: '', password: '' },
      { username: hub.member.username, password: '' },
      { username: '  ', password: PASSWORD },
    ]) {
      for (let count = 0; count < 5; count += 1) {
        expect((await browser.submit(page, '#login-form', fields)).status).toBe(400);
      }
    }
    const home = await signIn(browser, page);
    expect(home.document.querySelector('h1')?.text).toBe('Mes services');
  });
});

describe('an interaction', () => {
  it('answered once is not answered again: the back button and a replayed form lead its own browser where it led', async () => {
    const browser = newBrowser();
    const login = await browser.open(hub.client.authorizationUrl());
    const consent = await signIn(browser, login);
    const back = await browser.submit(consent, '#consent-form', {}, '#consent-allow');
    expect(hub.client.isBack(back)).toBe(true);
    const { sessions, consents } = await opened();
    const thief = newBrowser();
    const csrf = csrfOf(await thief.open(`${hub.issuer}/login`));
    for (const [page, form] of [
      [login, '#login-form'],
      [consent, '#consent-form'],
    ] as const) {
      const again = await browser.submit(page, form, {
        ...credentials(hub.member),
        decision: 'deny',
      });
      expect(hub.client.answer(again).get('code')).not.toBeNull();
      const resume = `${hub.issuer}/oidc/auth/${uidOf(page)}`;
      for (const url of [page.url, resume]) {
        expect(hub.client.answer(await browser.open(url)).get('code')).not.toBeNull();
        expect((await thief.open(url)).status).toBe(400);
      }
      const fields = { ...credentials(hub.member), decision: 'allow', csrf };
      expect((await sendElsewhere(thief, page.url, fields)).status).toBe(400);
    }
    expect(await opened()).toMatchObject({ sessions, consents });
    // Nothing is lost by it: the app may ask anew, and gets its code at once.
    expect(hub.client.isBack(await browser.open(hub.client.authorizationUrl()))).toBe(true);
  });

  it('that was answered, and has not gone on yet, keeps its first answer', async () => {
    const browser = new Browser({ stopAt: (url) => url.pathname.includes('/oidc/auth/') });
    const start = await browser.send(hub.client.authorizationUrl());
    const login = await browser.open(
      new URL(start.headers.get('location') as string, hub.url).href,
    );
    expect((await signIn(browser, login)).url).toContain('/oidc/auth/');
    expect((await browser.open(login.url)).status).toBe(400);
    expect((await signIn(browser, login, other)).status).toBe(400);
  });

  it('whose form is sent twice at once is answered by one of the two, and leads both on', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const login = await browser.open(hub.client.authorizationUrl());
    const pages = await Promise.all([1, 2, 3].map(() => signIn(browser, login, member)));
    for (const page of pages) expect(page.document.querySelector('#consent-form')).not.toBeNull();
    const sessions = await hub.database.query('SELECT 1 FROM sessions WHERE subject = $1', [
      member.subject,
    ]);
    expect(sessions.length).toBe(1);
    const backs = await Promise.all(
      pages.map((consent) => browser.submit(consent, '#consent-form', {}, '#consent-allow')),
    );
    expect(backs.every((page) => hub.client.isBack(page))).toBe(true);
  });

  it('that was answered does not bring back whoever has signed out since', async () => {
    const browser = newBrowser();
    const login = await browser.open(hub.client.authorizationUrl());
    expect(hub.client.isBack(await signIn(browser, login))).toBe(true);
    await browser.submit(await browser.open(hub.issuer), 'form[action$="/sign-out-everywhere"]');
    for (const url of [login.url, `${hub.issuer}/oidc/auth/${uidOf(login)}`])
      expect((await browser.open(url)).status).toBe(400);
    expect(
      (await browser.open(`${hub.issuer}/account`)).document.querySelector('#login-form'),
    ).not.toBeNull();
    // Nor, when somebody else has signed in there, in their place.
    await signIn(browser, await browser.open(`${hub.issuer}/login`), other);
    for (const url of [login.url, `${hub.issuer}/oidc/auth/${uidOf(login)}`])
      expect((await browser.open(url)).status).toBe(400);
    expect((await browser.open(hub.issuer)).text).toContain(other.username);
  });

  it('of another browser opens nothing, even with that browser’s address and form', async () => {
    const [victim, thief] = [newBrowser(), newBrowser()];
    const login = await victim.open(hub.client.authorizationUrl({ prompt: 'consent' }));
    const thiefPage = await thief.open(`${hub.issuer}/login`);
    expect((await thief.open(login.url)).status).toBe(400);
    const answer = await sendElsewhere(thief, login.url, {
      ...credentials(other),
      csrf: csrfOf(thiefPage),
    });
    expect(answer.status).toBe(400);
    const consent = await signIn(victim, login);
    expect((await thief.open(consent.url)).status).toBe(400);
    expect((await thief.open(`${hub.issuer}/oidc/auth/${uidOf(consent)}`)).status).toBe(400);
  });

  it('that the member opened does not go on in another member’s name', async () => {
    const browser = newBrowser();
    const consent = await signIn(
      browser,
      await browser.open(hub.client.authorizationUrl({ prompt: 'consent' })),
    );
    expect(consent.document.querySelector('#consent-form')).not.toBeNull();
    // In another tab somebody else signs in.
    const tab = await browser.open(hub.client.authorizationUrl({ prompt: 'login' }));
    const takeOver = await signIn(browser, tab, other);
    await browser.submit(takeOver, '#submit-form');
    const answer = await browser.submit(consent, '#consent-form', {}, '#consent-allow');
    expect([answer.status, hub.client.isBack(answer)]).toEqual([400, false]);
  });

  it('is for its own question only: a consent is no sign-in, and the other way about', async () => {
    const browser = newBrowser();
    const consent = await signIn(
      browser,
      await browser.open(hub.client.authorizationUrl({ prompt: 'consent' })),
    );
    const uid = uidOf(consent);
    expect(consent.url).toContain('/consent/');
    for (const url of [`${hub.issuer}/login/${uid}`, `${hub.issuer}/access/${uid}/return`]) {
      expect(
        (await sendElsewhere(browser, url, { ...credentials(hub.member), csrf: csrfOf(consent) }))
          .status,
      ).toBe(400);
    }
  });

  it('is named by the address and by the cookie, which must agree, whatever path the cookie is sent to', async () => {
    const browser = newBrowser();
    const first = await browser.open(hub.client.authorizationUrl({ prompt: 'consent' }));
    const cookieOf = async (url: string) => (await browser.jar.getCookieString(url)) as string;
    const ofFirst = await cookieOf(first.url);
    const second = await browser.open(hub.client.authorizationUrl({ prompt: 'consent' }));
    const consent = await signIn(browser, second);
    const ask = async (url: string, cookie: string) =>
      (await fetch(url, { headers: { accept: 'text/html', cookie } })).status;
    expect(await ask(first.url, ofFirst)).toBe(200);
    expect(await ask(`${hub.issuer}/login/${uidOf(second)}`, ofFirst)).toBe(400);
    const ofConsent = await cookieOf(consent.url);
    expect(await ask(consent.url, ofConsent)).toBe(200);
    expect(await ask(`${hub.issuer}/login/${uidOf(consent)}`, ofConsent)).toBe(400);
    expect(await ask(`${hub.issuer}/access/${uidOf(consent)}`, ofConsent)).toBe(400);
    expect(await ask(`${hub.issuer}/consent/${uidOf(first)}`, ofConsent)).toBe(400);
  });

  it('cannot be used once its hour is past', async () => {
    const browser = newBrowser();
    const login = await browser.open(hub.client.authorizationUrl());
    await hub.database.query(
      `UPDATE oidc_artifacts SET expires_at = now() - interval '1 second',
         payload = payload || jsonb_build_object('exp', floor(extract(epoch FROM now()))::bigint - 60)
       WHERE kind = 'Interaction'`,
    );
    const answer = await signIn(browser, login);
    expect([answer.status, answer.document.querySelector('h1')?.text]).toEqual([
      400,
      'Cette demande a expiré',
    ]);
    expect((await browser.open(`${hub.issuer}/oidc/auth/${uidOf(login)}`)).status).toBe(400);
  });
});

describe('prompt=none', () => {
  const silently = (browser: Browser, party = hub.client) =>
    browser.open(party.authorizationUrl({ prompt: 'none' }));

  it('never shows a page and never gives a code where a question is open', async () => {
    const browser = newBrowser();
    expect(hub.client.answer(await silently(browser)).get('error')).toBe('login_required');
    const login = await browser.open(hub.client.authorizationUrl());
    expect(hub.client.answer(await silently(browser)).get('error')).toBe('login_required');
    const fresh = await hub.newMember();
    const consent = await signIn(browser, login, fresh);
    expect(hub.client.answer(await silently(browser)).get('error')).toBe('consent_required');
    await browser.submit(consent, '#consent-form', {}, '#consent-allow');
    expect(hub.client.answer(await silently(browser)).get('code')).not.toBeNull();
    expect(onApproval.answer(await silently(browser, onApproval)).get('error')).toBe(
      'access_denied',
    );
  });
});

describe('a service that is closed to the member', () => {
  it('stays closed, whatever is sent to its question', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const denied = await signIn(browser, await browser.open(onApproval.authorizationUrl()), member);
    expect(denied.status).toBe(403);
    const uid = uidOf(denied);
    const consent = await sendElsewhere(browser, `${hub.issuer}/consent/${uid}`, {
      csrf: csrfOf(denied),
      decision: 'allow',
    });
    expect(consent.status).toBe(400);
    const asked = await sendElsewhere(browser, `${hub.issuer}/access/${uid}/request`, {
      csrf: csrfOf(denied),
    });
    expect(asked.status).toBe(403);
    const resumed = await browser.open(`${hub.issuer}/oidc/auth/${uid}`);
    expect(onApproval.isBack(resumed)).toBe(false);
    const states = await hub.database.query<{ state: string }>(
      'SELECT state FROM accounts WHERE subject = $1',
      [member.subject],
    );
    expect(states).toEqual([{ state: 'requested' }]);
  });
});

describe('"not you?"', () => {
  it('asks anew and keeps the session of the one who is signed in until somebody else is', async () => {
    const browser = newBrowser();
    await hub.client.signIn(browser, hub.member.username);
    const login = await browser.open(hub.client.authorizationUrl({ prompt: 'login' }));
    const anew = await browser.open(
      `${hub.url}${login.document.querySelector('#not-you')?.getAttribute('href')}`,
    );
    expect(anew.document.querySelector('#not-you')).toBeNull();
    const wrong = await browser.submit(anew, '#login-form', {
      username: other.username,
      password: 'wrong',
    });
    expect(wrong.status).toBe(400);
    const home = await browser.open(hub.issuer);
    expect(home.text).toContain(hub.member.username);
    expect(home.text).not.toContain(other.username);
  });
});

describe('two tabs', () => {
  it('that sign in to two apps at once both count, and both apps are told when it ends', async () => {
    const listening = { backchannelLogoutUri: 'https://app.example/logout' };
    const second = await hub.newClient(listening);
    const fresh = await hub.newMember();
    const browser = newBrowser();
    // Both apps are known to the member, so that a sign-in is all they need.
    await hub.client.signIn(browser, fresh.username);
    await second.signIn(browser, fresh.username);
    for (const cookie of await browser.jar.getCookies(`${hub.issuer}/`)) {
      if (cookie.key.includes('session'))
        await browser.jar.setCookie(`${cookie.key}=; Path=${cookie.path}; Max-Age=0`, hub.url);
    }
    const first = await signIn(browser, await browser.open(hub.client.authorizationUrl()), fresh);
    expect(hub.client.isBack(first)).toBe(true);
    const tabs = await Promise.all([
      browser.open(second.authorizationUrl()),
      browser.open(hub.client.authorizationUrl()),
    ]);
    expect(second.isBack(tabs[0])).toBe(true);
    expect(hub.client.isBack(tabs[1])).toBe(true);
    await browser.submit(await browser.open(hub.issuer), 'form[action$="/sign-out-everywhere"]');
    const told = await hub.database.query<{ client: string }>(
      `SELECT DISTINCT payload ->> 'clientId' AS client FROM outbox WHERE kind = 'backchannel-logout' AND payload ->> 'subject' = $1 ORDER BY 1`,
      [fresh.subject],
    );
    expect(told.map(({ client }) => client).sort()).toEqual(
      [hub.service.clientId, second.service.clientId].sort(),
    );
  });

  it('with a sign-in page each both lead to their app, whichever is answered first', async () => {
    const second = await hub.newClient();
    const fresh = await hub.newMember();
    const browser = newBrowser();
    const tabs = [
      await browser.open(hub.client.authorizationUrl()),
      await browser.open(second.authorizationUrl()),
    ] as const;
    const consents = [
      await signIn(browser, tabs[1], fresh),
      await signIn(browser, tabs[0], fresh),
    ] as const;
    const allow = (page: Page) => browser.submit(page, '#consent-form', {}, '#consent-allow');
    expect(second.isBack(await allow(consents[0]))).toBe(true);
    expect(hub.client.isBack(await allow(consents[1]))).toBe(true);
  });
});
