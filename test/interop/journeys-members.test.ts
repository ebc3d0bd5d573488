import { Secret, TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createFirstOperator,
  ensureSetupToken,
} from '../../src/domain/operators/create-operator.ts';
import { buildCommunity, buildMember, PASSWORD } from '../support/factories.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { NEW_PASSWORD } from '../support/newcomers.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { expectFocus, overflow, violations } from './support/look-at-page.ts';
import { typePassword } from './support/visits.ts';

// A member's years, from the first message to the last, as they and the operator who reads the kept
// messages see them. Nothing is reached but by what is on a page or in a message.

const LATER_PASSWORD = 'neuf baleines lisent le journal';
const OPERATOR = 'ops@hub.example';
let hub: TestHub;
let browser: Browser;
let issuer: string;

beforeAll(async () => {
  browser = await launchChromium();
  hub = await startHub();
  const lieu = await buildCommunity(hub.database, {
    slug: 'lamyne',
    name: 'La MYNE',
    accent: '#0a7d5a',
    registration: 'open',
  });
  issuer = `${hub.url}/c/lamyne`;
  await buildMember(hub.database, lieu.id, { username: 'noemie', role: 'owner' });
  const token = (await hub.database.transaction(ensureSetupToken)) as string;
  await createFirstOperator(hub.database, { token, email: OPERATOR, password: PASSWORD });
  await hub.app.settle();
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

type Visit = { locale: string; width?: number; script?: boolean };

async function visit({ locale, width = 375, script = true }: Visit): Promise<Page> {
  const context = await newVisitor(browser, {
    locale,
    viewport: { width, height: 800 },
    javaScriptEnabled: script,
  });
  return context.newPage();
}

/** Nothing on the page is out of reach, for eyes or for ears. */
async function look(page: Page): Promise<void> {
  expect([page.url(), await violations(page)]).toEqual([page.url(), []]);
  expect([page.url(), await overflow(page)]).toEqual([page.url(), []]);
}

/** The operator's list of kept messages. */
async function operatorsDesk(locale: string): Promise<Page> {
  const page = await visit({ locale, width: 1280 });
  await page.goto(`${hub.url}/operator/login`);
  await page.fill('#email', OPERATOR);
  await page.fill('#password', PASSWORD);
  await page.click('#login-submit');
  await page.waitForURL(/\/operator$/);
  return page;
}

/** The newest message to an address with this subject, once the worker has written it; then its link. */
async function messageTo(desk: Page, address: string, subject: RegExp): Promise<string> {
  const row = desk.locator('tbody tr', { hasText: address }).filter({ hasText: subject }).first();
  await expect
    .poll(
      async () => {
        await desk.goto(`${hub.url}/operator/mails`);
        return row.count();
      },
      { timeout: 20_000 },
    )
    .toBe(1);
  await row.locator('a').click();
  await desk.waitForSelector('#mail-text');
  // A link that opens something is shown to who asks for it.
  const show = desk.locator('#show-link-submit');
  if ((await show.count()) === 0) return '';
  await show.click();
  return (await desk.locator('#mail-text a').first().getAttribute('href')) ?? '';
}

/** An authenticator app: each code once, the next step's when this one's was used. */
class AuthenticatorApp {
  readonly #totp: TOTP;
  #step = 0;

  constructor(secret: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(/\s/g, '')) });
  }

  async code(): Promise<string> {
    const now = () => Math.floor(Date.now() / 30_000);
    // The server takes one step ahead of its clock.
    await expect.poll(() => now() + 1 > this.#step, { timeout: 40_000 }).toBe(true);
    this.#step = Math.max(this.#step + 1, now());
    return this.#totp.generate({ timestamp: this.#step * 30_000 });
  }
}

async function signOut(page: Page): Promise<void> {
  await page.goto(issuer);
  await page.click('#menu-open');
  await page.click('#sign-out');
  await page.click('#logout-confirm');
  await page.waitForSelector('#logged-out');
}

async function giveCode(page: Page, code: string): Promise<void> {
  await page.fill('#code', code);
  await page.click('#second-factor-submit');
}

const LANGUAGES = [
  {
    locale: 'fr-FR',
    lang: 'fr',
    join: /inscription/i,
    anew: /nouveau mot de passe/i,
    gone: /suppression|supprim/i,
    home: 'Mes services',
  },
  {
    locale: 'en-GB',
    lang: 'en',
    join: /registration|account|sign/i,
    anew: /new password/i,
    gone: /delet/i,
    home: 'My services',
  },
];

describe.each(LANGUAGES)('a member, in $lang', ({ locale, lang, join, anew, gone, home }) => {
  const username = `camille-${lang}`;
  const address = `${username}@exemple.fr`;
  let page: Page;
  let desk: Page;
  let app: AuthenticatorApp;
  let codes: string[];

  it('asks to come in, and comes in by the link of the message', async () => {
    page = await visit({ locale });
    desk = await operatorsDesk(locale);
    await page.goto(`${issuer}/login`);
    await page.click('#register');
    await look(page);
    await page.fill('#email', address);
    await page.click('#register-submit');
    await page.waitForURL(/\/register\/sent$/);
    await look(page);
    const link = await messageTo(desk, address, join);
    await look(desk);
    await page.goto(link);
    await look(page);
    expect(await page.getAttribute('html', 'lang')).toBe(lang);
    await page.fill('#username', username);
    await page.fill('#display_name', 'Camille');
    await page.fill('#password', NEW_PASSWORD);
    await page.click('#newcomer-submit');
    await page.waitForURL(`${issuer}/`);
    expect(await page.textContent('h1')).toBe(home);
    await look(page);
    await page.goto(link);
    expect(await page.locator('#newcomer-form').count()).toBe(0);
  });

  it('sets up an authenticator app, and keeps the recovery codes', async () => {
    await page.goto(`${issuer}/account/two-factors`);
    await look(page);
    await page.click('#totp-link');
    await look(page);
    await page.click('main summary');
    app = new AuthenticatorApp((await page.textContent('#totp-secret')) ?? '');
    await page.fill('#code', '000000');
    await page.click('#totp-submit');
    await expectFocus(page, 'error-summary');
    await page.fill('#code', await app.code());
    await page.click('#totp-submit');
    await page.waitForSelector('#codes-submit');
    await look(page);
    await page.click('#codes-submit');
    await page.waitForSelector('#codes');
    await look(page);
    codes = await page.locator('#codes li').allTextContents();
    expect(codes).toHaveLength(10);
  });

  it('signs in with the app, and with a recovery code once', async () => {
    await signOut(page);
    await page.goto(`${issuer}/login`);
    await typePassword(page, username, NEW_PASSWORD);
    await page.waitForURL(/second-factor/);
    await look(page);
    await giveCode(page, await app.code());
    await page.waitForURL(`${issuer}/`);
    for (const expected of [`${issuer}/`, /second-factor/]) {
      await signOut(page);
      await page.goto(`${issuer}/login`);
      await typePassword(page, username, NEW_PASSWORD);
      await page.click('#use-recovery-code');
      await giveCode(page, codes[0] as string);
      await page.waitForURL(expected);
    }
    await look(page);
  });

  it('forgets their password, comes back by a message, and is asked for the second factor as ever', async () => {
    await page.goto(`${issuer}/login`);
    await page.click('#recover');
    await look(page);
    await page.fill('#username', username);
    await page.click('#recover-submit');
    await page.waitForSelector('#recover-sent');
    await look(page);
    const link = await messageTo(desk, address, anew);
    await page.goto(link);
    await look(page);
    await page.fill('#password', 'camille');
    await page.click('#recover-password-submit');
    await expectFocus(page, 'error-summary');
    await look(page);
    await page.fill('#password', LATER_PASSWORD);
    await page.click('#recover-password-submit');
    await page.waitForURL(/\/login/);
    await look(page);
    await typePassword(page, username, NEW_PASSWORD);
    await page.waitForSelector('[role=alert]');
    await typePassword(page, username, LATER_PASSWORD);
    await page.waitForURL(/second-factor/);
    await giveCode(page, await app.code());
    await page.waitForURL(`${issuer}/`);
    await page.goto(link);
    expect(await page.locator('#recover-password-form').count()).toBe(0);
    await look(page);
  });

  it('has their account deleted, and changes their mind', async () => {
    const another = await visit({ locale, script: false });
    await another.goto(`${issuer}/login`);
    await typePassword(another, username, LATER_PASSWORD);
    await another.click('#use-recovery-code');
    await giveCode(another, codes[2] as string);
    await another.goto(`${issuer}/account/delete`);
    await another.fill('#confirm', 'somebody else');
    await another.click('#delete-submit');
    await another.waitForSelector('#error-summary');
    await another.fill('#confirm', username);
    await another.click('#delete-submit');
    await another.waitForSelector('#delete-form', { state: 'detached' });
    await messageTo(desk, address, gone);

    await page.goto(`${issuer}/login`);
    await typePassword(page, username, LATER_PASSWORD);
    await page.click('#use-recovery-code');
    await giveCode(page, codes[1] as string);
    await page.waitForSelector('#stay-form');
    await look(page);
    await page.click('#stay');
    await page.waitForURL(`${issuer}/`);
    expect(await page.textContent('h1')).toBe(home);
  });
});
