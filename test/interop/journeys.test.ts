import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltMember } from '../support/factories.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { ENGLISH, FRENCH, type Words } from './support/languages.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import { agree, typePassword } from './support/visits.ts';

let lieu: Lieu;
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
  lieu = await startLieu();
});
afterAll(async () => {
  await browser?.close();
  await lieu?.stop();
});

async function visit(words: Words): Promise<{ page: Page; complaints: string[] }> {
  const context = await newVisitor(browser, { locale: words.locale });
  const page = await context.newPage();
  // A blocked style, script or image shows up here, as does a fault of a script.
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isRefusal = /status of 4\d\d/.test(message.text());
    if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

async function atHome(words: Words): Promise<{ page: Page; member: BuiltMember }> {
  const member = await lieu.member();
  const { page } = await visit(words);
  await page.goto(`${lieu.issuer}/login`);
  await typePassword(page, member.username);
  await page.waitForSelector('a.service-tile');
  return { page, member };
}

describe.each([FRENCH, ENGLISH])('a visit in $language', (words) => {
  it('finds a sign-in page in the language of the browser, with labelled fields', async () => {
    const { page, complaints } = await visit(words);
    await page.goto(lieu.issuer);
    await page.click('#sign-in');
    await page.waitForURL(/\/c\/lamyne\/login$/);
    expect(await page.getAttribute('html', 'lang')).toBe(words.lang);
    expect(await page.title()).toContain('La MYNE');
    expect(await page.getByLabel(words.username, { exact: true }).getAttribute('id')).toBe(
      'username',
    );
    expect(await page.getByLabel(words.password, { exact: true }).getAttribute('type')).toBe(
      'password',
    );
    expect(
      await page.getByRole('button', { name: words.signIn, exact: true }).getAttribute('id'),
    ).toBe('login-submit');
    expect(complaints).toEqual([]);
  });

  it('says the same of a wrong password and of an unknown name, and keeps what was typed', async () => {
    const member = await lieu.member();
    for (const name of [member.username, 'personne-de-ce-nom']) {
      const { page } = await visit(words);
      await page.goto(`${lieu.issuer}/login`);
      await typePassword(page, name, 'not the password');
      expect(await page.textContent('main')).toMatch(words.wrong);
      expect(await page.inputValue('#username')).toBe(name);
      expect(await page.inputValue('#password')).toBe('');
      expect(await page.getAttribute('html', 'lang')).toBe(words.lang);
    }
  });

  it('asks before an app of a third party gets anything, and tells the app of a refusal', async () => {
    const member = await lieu.member();
    const { page, complaints } = await visit(words);
    await page.goto(lieu.app.home);
    await page.click('#app-login');
    expect(await page.textContent('main')).toContain('Agenda');
    await typePassword(page, member.username);
    const form = page.locator('#consent-form');
    await form.waitFor();
    expect(await page.textContent('main')).toContain(member.email);
    expect(await page.textContent('main')).toMatch(words.email);
    await form.getByRole('button', { name: words.refuse }).click();
    await page.waitForSelector('#app-error');
    expect(await page.locator('#app-member').count()).toBe(0);

    await page.goto(`${lieu.app.home}login`);
    await form.getByRole('button', { name: words.allow }).click();
    expect(await page.textContent('#app-member')).toContain(`Prénom ${member.username}`);
    expect(complaints).toEqual([]);
  });

  it('says why a service is closed and whom to ask, and gives its app nothing', async () => {
    const member = await lieu.member();
    const { page } = await visit(words);
    await page.goto(`${lieu.closedApp.home}login`);
    await typePassword(page, member.username);
    await page.getByText(words.whom).waitFor();
    expect(new URL(page.url()).origin).toBe(lieu.hub.url);
    const text = await page.textContent('main');
    expect(text).toMatch(words.closedGroup);
    expect(text).toContain('Noémie Propriétaire');
    expect(page.url()).not.toContain('code=');
    await page.goto(lieu.closedApp.home);
    expect(await page.locator('#app-member').count()).toBe(0);
  });

  it('shows the open services as tiles, and a click goes in', async () => {
    const { page, member } = await atHome(words);
    expect(await page.textContent('main')).toMatch(words.hello);
    const tiles = page.locator('a.service-tile');
    expect(await tiles.count()).toBe(1);
    expect(await tiles.first().textContent()).toContain('Agenda');
    await tiles.first().click();
    await agree(page);
    expect(await page.textContent('#app-member')).toContain(`Prénom ${member.username}`);
  });

  it('signs out when that is confirmed, and not when the member would rather stay', async () => {
    const { page } = await atHome(words);
    await page.goto(`${lieu.issuer}/oidc/session/end`);
    await page.locator('#logout-form').getByText(words.stay).click();
    await page.waitForSelector('a.service-tile');
    expect(await page.textContent('main')).toMatch(words.hello);

    await page.click('#menu-open');
    await page.getByRole('link', { name: words.signOut }).click();
    await page.click('#logout-confirm');
    await page.getByText(words.signedOut).first().waitFor();
    await page.goto(lieu.issuer);
    await page.waitForSelector('#sign-in');
  });

  it('answers a question that is over with a page that says so', async () => {
    const { page } = await visit(words);
    const response = await page.goto(`${lieu.issuer}/login/no-such-question`);
    expect(response?.status()).toBe(400);
    expect(await page.textContent('h1')).toContain(words.expired);
  });
});

describe('the language of a visit', () => {
  it('can be changed on the page, and the choice is kept', async () => {
    const { page } = await visit(FRENCH);
    await page.goto(`${lieu.issuer}/login`);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: ENGLISH.signIn, exact: true }).waitFor();
    await page.goto(lieu.issuer);
    expect(await page.getAttribute('html', 'lang')).toBe('en');
  });
});
