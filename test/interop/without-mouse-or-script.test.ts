import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../support/factories.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import { expectFocus, focused } from './support/look-at-page.ts';
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

async function visit(options: BrowserContextOptions = {}): Promise<Page> {
  return (await newVisitor(browser, options)).newPage();
}

/** Presses Tab until an element has the focus, as a member who has only a keyboard does. */
async function tabTo(page: Page, id: string): Promise<void> {
  const passed: string[] = [];
  while ((await focused(page)) !== id) {
    if (passed.length > 30) throw new Error(`Tab never reached #${id}, only ${passed.join(', ')}`);
    await page.keyboard.press('Tab');
    passed.push(await focused(page));
  }
}

/** Whether the focused element looks otherwise than it does without the focus. */
function focusIsVisible(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`{
    const element = document.activeElement;
    const look = () => {
      const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(element);
      return JSON.stringify([outlineStyle, outlineWidth, boxShadow, borderColor]);
    };
    const withFocus = look();
    element.blur();
    const without = look();
    element.focus();
    withFocus !== without;
  }`);
}

describe('with a keyboard only', () => {
  it('signs in, agrees, goes in to an app and signs out', async () => {
    const member = await lieu.member();
    const page = await visit();
    await page.goto(`${lieu.app.home}login`);
    await expectFocus(page, 'username');
    await page.keyboard.type(member.username);
    await page.keyboard.press('Tab');
    await expectFocus(page, 'password');
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#consent-form');
    await tabTo(page, 'consent-allow');
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#app-member');

    await page.goto(lieu.issuer);
    await tabTo(page, 'service-agenda');
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#app-member');

    await page.goto(lieu.issuer);
    await tabTo(page, 'menu-open');
    await page.keyboard.press('Enter');
    await tabTo(page, 'sign-out');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#logout-form');
    await tabTo(page, 'logout-confirm');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#logged-out');
  });

  it('passes over the header by the first link of the page', async () => {
    const page = await visit();
    await page.goto(`${lieu.issuer}/consent/none`);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').getAttribute('href')).toBe('#content');
    await page.keyboard.press('Enter');
    await expectFocus(page, 'content');
  });
});

describe('on a screen 375 pixels wide', () => {
  const narrow = { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true };
  /** What sticks out to the right, were there a scroll bar. */
  const overflow = (page: Page) =>
    page.evaluate<string[]>(`[...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 120))
      .concat(document.documentElement.scrollWidth > 375 ? ['the page scrolls'] : [])`);

  it('shows every page of a visit whole, with names as long as they come', async () => {
    const long = 'Marie-Antoinette-Bérengère de la Tour-Saint-Hippolyte-sur-Vilaine';
    const member = await lieu.member({
      username: 'marie-antoinette.berengere.de-la-tour-saint-hippolyte',
      displayName: long.replaceAll(' ', '\u00a0'),
    });
    const page = await visit(narrow);
    await page.goto(`${lieu.app.home}login`);
    expect(await overflow(page)).toEqual([]);
    await typePassword(page, member.username, 'wrong');
    await page.waitForSelector('[role=alert]');
    expect(await overflow(page)).toEqual([]);
    await typePassword(page, member.username);
    await page.waitForSelector('#consent-form');
    expect(await overflow(page)).toEqual([]);
    await page.goto(`${lieu.closedApp.home}login`);
    await page.waitForSelector('#access-reason');
    expect(await overflow(page)).toEqual([]);
    await page.goto(lieu.issuer);
    await page.waitForSelector('a.service-tile');
    expect(await overflow(page)).toEqual([]);
    await page.goto(`${lieu.issuer}/oidc/device`);
    await page.waitForSelector('#user_code');
    expect(await overflow(page)).toEqual([]);
    await page.goto(`${lieu.issuer}/nowhere`);
    expect(await overflow(page)).toEqual([]);
    await page.goto(`${lieu.issuer}/oidc/session/end`);
    expect(await overflow(page)).toEqual([]);
    await page.click('#logout-confirm');
    await page.waitForSelector('#logged-out');
    expect(await overflow(page)).toEqual([]);
  });

  it('gives a finger something to hit: no button is lower than 24 pixels', async () => {
    const page = await visit(narrow);
    await page.goto(`${lieu.issuer}/login`);
    const heights = await page
      .locator('button')
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(24);
  });
});

describe('with JavaScript switched off', () => {
  it('signs in, agrees, changes the language, goes in to an app and signs out', async () => {
    const member = await lieu.member();
    const page = await visit({ javaScriptEnabled: false });
    await page.goto(`${lieu.app.home}login`);
    await typePassword(page, member.username, 'wrong');
    await page.waitForSelector('[role=alert]');
    await typePassword(page, member.username);
    await agree(page);
    await page.waitForSelector('#app-member');

    await page.goto(lieu.issuer);
    await page.click('#language-en');
    await page.waitForSelector('html[lang=en] a.service-tile');
    await page.click('#service-agenda');
    await page.waitForSelector('#app-member');

    await page.click('#app-logout');
    await page.click('#logout-confirm');
    await page.waitForSelector('#app-login');
    await page.goto(lieu.issuer);
    await page.waitForSelector('#sign-in');
  });
});
