import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReader } from '../ldap/support/directory.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import { expectFocus } from './support/look-at-page.ts';
import { agree, typePassword } from './support/visits.ts';

const AXE = readFileSync(
  new URL('../../node_modules/axe-core/axe.min.js', import.meta.url),
  'utf8',
);
const PATHS = [
  '',
  '/profile',
  '/language',
  '/app-passwords',
  '/sessions',
  '/services',
  '/activity',
] as const;
/** A folder for pictures of what the tests see, for eyes. */
const PICTURES = process.env.TROUSSEAU_PICTURES;

let lieu: Lieu;
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
  lieu = await startLieu();
  const [agenda] = await lieu.hub.database.query<{ id: string }>(
    `SELECT id FROM services WHERE slug = 'agenda'`,
  );
  await buildReader(lieu.hub.database, lieu.community.id, agenda?.id as string);
  await lieu.hub.app.settle();
});
afterAll(async () => {
  await browser?.close();
  await lieu?.stop();
});

type Visitor = { locale: 'fr-FR' | 'en-GB'; width?: number; script?: boolean };

/** A member with a visit to an app behind them. */
async function visit({ locale, width = 1280, script = true }: Visitor) {
  const { username } = await lieu.member({ displayName: 'Zoé Œuvrard', givenName: 'Zoé' });
  const context = await newVisitor(browser, {
    locale,
    viewport: { width, height: 800 },
    javaScriptEnabled: script,
  });
  const page = await context.newPage();
  await page.goto(`${lieu.app.home}login`);
  await typePassword(page, username);
  await agree(page);
  await page.goto(`${lieu.issuer}/account`);
  return { page, username };
}

async function look(page: Page, name: string) {
  if (PICTURES === undefined) return;
  await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}

async function axe(page: Page) {
  await page.evaluate(AXE);
  return page.evaluate('axe.run().then(({ violations }) => violations)');
}

describe.each([
  { locale: 'fr-FR', width: 1280 },
  { locale: 'en-GB', width: 375 },
] as const)('the account in $locale at $width pixels', ({ locale, width }) => {
  it('has nothing that axe finds, and nothing that is wider than the window', async () => {
    const { page } = await visit({ locale, width });
    for (const path of PATHS) {
      await page.goto(`${lieu.issuer}/account${path}`);
      await look(page, `account${path.replace('/', '-')}-${width}`);
      expect([path, await axe(page)]).toEqual([path, []]);
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([path, wide]).toEqual([path, 0]);
    }
  });

  it('is found from the home, and each of its pages from the others', async () => {
    const { page } = await visit({ locale, width });
    await page.goto(lieu.issuer);
    await page.click('#menu-open');
    await page.click('#account-link');
    await page.waitForURL(/\/account$/);
    const link = (name: string) => page.locator(`a:visible[href$="/account/${name}"]`).first();
    if (width < 800) await page.click('.side-menu > summary');
    await link('services').click();
    await page.waitForURL(/\/account\/services$/);
    if (width < 800) await page.click('.side-menu > summary');
    await link('activity').click();
    await page.waitForURL(/\/account\/activity$/);
  });
});

describe('a member', () => {
  it('changes their name and picture, and sees them', async () => {
    const { page } = await visit({ locale: 'fr-FR' });
    await page.goto(`${lieu.issuer}/account/profile`);
    await page.fill('#display_name', '');
    await page.fill('#nickname', 'Zou');
    await page.evaluate(`document.querySelector('#display_name').removeAttribute('required')`);
    await page.setInputFiles('#picture', {
      name: 'photo.png',
      mimeType: 'image/png',
      buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    });
    await page.click('#profile-submit');
    await page.waitForSelector('#error-summary');
    await look(page, 'profile-refused');
    expect(await page.inputValue('#nickname')).toBe('Zou');
    await expectFocus(page, 'error-summary');
    await page.click('#error-summary a');
    await expectFocus(page, 'display_name');
    await page.fill('#display_name', 'Zoé du jardin');
    const buffer = await sharp({
      create: { width: 800, height: 600, channels: 3, background: '#0a7d5a' },
    })
      .png()
      .toBuffer();
    await page.setInputFiles('#picture', { name: 'photo.png', mimeType: 'image/png', buffer });
    await page.click('#profile-submit');
    await page.waitForURL(/notice=saved/);
    const shown = await page.evaluate(`document.querySelector('img.avatar')?.naturalWidth`);
    expect(shown).toBe(512);
    expect(await page.textContent('.menu-panel')).toContain('Zoé du jardin');
    await look(page, 'profile-saved');
  });

  it('hears of a picture of 50 MB that it is too large, and not of a broken connection', async () => {
    const { page } = await visit({ locale: 'fr-FR' });
    await page.goto(`${lieu.issuer}/account/profile`);
    await page.fill('#nickname', 'Zou');
    const folder = await mkdtemp(join(tmpdir(), 'trousseau-picture-'));
    await writeFile(join(folder, 'photo.png'), Buffer.alloc(50 * 1024 * 1024, 'a'));
    await page.setInputFiles('#picture', join(folder, 'photo.png'));
    await page.click('#profile-submit');
    expect(await page.textContent('#fault-picture')).toContain('10 Mo');
    expect(await page.inputValue('#nickname')).toBe('Zou');
    await rm(folder, { recursive: true });
  });

  it('signs another device out, and stays signed in here', async () => {
    const first = await visit({ locale: 'fr-FR' });
    const context = await newVisitor(browser, {
      userAgent:
        'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36',
    });
    const second = await context.newPage();
    await second.goto(`${lieu.issuer}/login`);
    await typePassword(second, first.username);
    await second.waitForSelector('a.service-tile');
    await first.page.goto(`${lieu.issuer}/account/sessions`);
    await look(first.page, 'sessions-two');
    await first.page.click('li:has-text("Android") button');
    await first.page.waitForURL(/notice=ended/);
    await second.goto(`${lieu.issuer}/account`);
    expect(second.url()).toMatch(/\/login\?/);
    await first.page.goto(`${lieu.issuer}/account`);
    expect(first.page.url()).toBe(`${lieu.issuer}/account`);
  });

  it('does all of it without scripts: an app password, a service’s withdrawal, another language', async () => {
    const { page } = await visit({ locale: 'fr-FR', width: 375, script: false });
    await page.goto(`${lieu.issuer}/account/app-passwords`);
    await page.fill('#name', 'Agenda du téléphone');
    await page.click('#app-password-submit');
    expect(await page.textContent('#app-password')).toMatch(/^\S{34}$/);
    await look(page, 'app-password-made-375');
    await page.click('#app-password-done');
    expect(await page.textContent('.entries')).toContain('Agenda du téléphone');
    await look(page, 'app-passwords-375');
    await page.goto(`${lieu.issuer}/account/services`);
    await page.click('#service-agenda details:last-of-type summary');
    await page.click('#withdraw-agenda');
    await page.waitForURL(/notice=withdrawn/);
    await look(page, 'services-withdrawn-375');
    await page.goto(`${lieu.issuer}/account/language`);
    await page.selectOption('#locale', 'en');
    await page.click('#preferences-submit');
    expect(await page.textContent('h1')).toBe('Language and time');
  });
});
