import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import { agree, typePassword } from './support/visits.ts';

const AXE = readFileSync(
  new URL('../../node_modules/axe-core/axe.min.js', import.meta.url),
  'utf8',
);
/** A folder for pictures of what the tests see, for eyes. */
const PICTURES = process.env.TROUSSEAU_PICTURES;
const NEW = 'sept oignons et une brouette';

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

const VISITORS = [
  { locale: 'fr-FR', width: 1280, script: true },
  { locale: 'en-GB', width: 375, script: false },
] as const;
type Visitor = { locale: string; width: number; script: boolean };

/** A member who went to an app, then to their account. */
async function visit({ locale, width, script }: Visitor) {
  const { username } = await lieu.member({ displayName: 'Zoé Œuvrard' });
  const viewport = { width, height: 800 };
  const context = await newVisitor(browser, { locale, viewport, javaScriptEnabled: script });
  const page = await context.newPage();
  await page.goto(`${lieu.app.home}login`);
  await typePassword(page, username);
  await agree(page);
  return { page, username };
}

const account = (path: string) => `${lieu.issuer}/account/${path}`;

/** The page is of its width, and axe finds nothing; by scripts of the test's, which need the page's. */
async function expectGood(page: Page, name: string, { width, script }: Visitor) {
  if (PICTURES !== undefined) {
    await page.screenshot({ path: `${PICTURES}/${name}-${width}.png`, fullPage: true });
  }
  if (!script) return;
  await page.evaluate(AXE);
  expect([name, await page.evaluate('axe.run().then((found) => found.violations)')]).toEqual([
    name,
    [],
  ]);
}

describe.each(VISITORS)('in $locale at $width pixels, scripts: $script', (visitor) => {
  it('a password is refused beside its field, then changed, and this browser stays signed in', async () => {
    const { page, username } = await visit(visitor);
    await page.goto(account('password'));
    await page.fill('#password', 'motdepassemotdepasse');
    await page.click('#password-submit');
    await page.waitForSelector('#fault-password');
    expect(await page.inputValue('#password')).toBe('');
    await expectGood(page, 'password-refused', visitor);
    await page.fill('#password', NEW);
    await page.click('#password-submit');
    await page.waitForURL(/notice=changed/);
    await expectGood(page, 'password-changed', visitor);
    const again = await (await newVisitor(browser)).newPage();
    await again.goto(`${lieu.issuer}/login`);
    await typePassword(again, username, NEW);
    await again.waitForURL((url) => !url.pathname.endsWith('/login'));
  });

  it('the data are downloaded as a file, and read as a page', async () => {
    const { page, username } = await visit(visitor);
    await page.goto(account('export'));
    await expectGood(page, 'export', visitor);
    const coming = page.waitForEvent('download');
    await page.click('#export-submit');
    const file = await coming;
    expect(file.suggestedFilename()).toMatch(/^trousseau-.+\.json$/);
    const { memberships } = JSON.parse(await readFile(await file.path(), 'utf8'));
    expect(memberships[0].profile.username).toBe(username);
    expect(memberships[0].services[0].received.claims).toHaveProperty('sub');
    await page.click('#export-summary');
    await page.waitForURL(/\/summary$/);
    expect(await page.textContent('main')).toContain(username);
    await expectGood(page, 'export-summary', visitor);
  });

  it('an account is deleted by its name, and kept by who comes back', async () => {
    const { page, username } = await visit(visitor);
    await page.goto(account('delete'));
    await page.fill('#confirm', 'zoe');
    await page.click('#delete-submit');
    await page.waitForSelector('#fault-confirm');
    expect(await page.inputValue('#confirm')).toBe('zoe');
    await expectGood(page, 'delete-refused', visitor);
    await page.fill('#confirm', username);
    await page.click('#delete-submit');
    await page.waitForSelector('#left');
    await expectGood(page, 'deleted', visitor);
    await page.goto(`${lieu.issuer}/login`);
    await typePassword(page, username);
    await page.waitForSelector('#stay');
    await expectGood(page, 'deletion-pending', visitor);
    await page.click('#stay');
    await page.waitForURL((url) => !url.pathname.includes('/login'));
    await page.goto(account('leave'));
    await expectGood(page, 'leave', visitor);
    await page.fill('#confirm', username);
    await page.click('#leave-submit');
    await page.waitForSelector('#left');
    await expectGood(page, 'left', visitor);
  });
});

describe('looking at what one types', () => {
  it('works by keyboard, tells what the button does, and hides it again when it is sent', async () => {
    const { username } = await lieu.member();
    const page = await (await newVisitor(browser)).newPage();
    await page.goto(`${lieu.issuer}/login`);
    await page.fill('#username', username);
    await page.focus('#password');
    await page.keyboard.type('pas le bon');
    await page.keyboard.press('Tab');
    const focused = () => page.evaluate('document.activeElement?.getAttribute("aria-label")');
    expect(await focused()).toBe('Afficher le mot de passe');
    await page.keyboard.press('Space');
    expect(await page.getAttribute('#password', 'type')).toBe('text');
    expect(await page.inputValue('#password')).toBe('pas le bon');
    expect(await page.getByRole('button', { name: 'Masquer le mot de passe' }).count()).toBe(1);
    await expectGood(page, 'login-shown', { locale: 'fr', width: 1280, script: true });
    await page.evaluate(
      `document.querySelector('#login-form').addEventListener('submit', (event) => event.preventDefault())`,
    );
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('#password', 'type')).toBe('password');
  });

  it('is not offered where it could not work', async () => {
    const page = await (await newVisitor(browser, { javaScriptEnabled: false })).newPage();
    await page.goto(`${lieu.issuer}/login`);
    expect(await page.getByRole('button', { name: 'Afficher' }).count()).toBe(0);
  });
});
