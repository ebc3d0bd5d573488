import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintLink } from '../../src/domain/links/link-store.ts';
import { NEW_PASSWORD } from '../support/newcomers.ts';
import { useHub } from '../support/use-hub.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { expectFocus } from './support/look-at-page.ts';
import { typePassword } from './support/visits.ts';

const hub = useHub({
  community: {
    slug: 'lamyne',
    name: 'La MYNE',
    registration: 'approval',
    questions: [
      { text: 'Qui vous a parlé de nous ?', required: true },
      { text: 'Que savez-vous réparer ?', required: false },
    ],
  },
});
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
  await hub.newMember({ username: 'noemie', role: 'owner' });
  await hub.app.settle();
});
afterAll(() => browser?.close());

async function visit(options: BrowserContextOptions = {}) {
  const context = await newVisitor(browser, options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isRefusal = /status of 4\d\d/.test(message.text());
    if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

const linkFor = async (email: string) =>
  `${hub.issuer}/register/${await mintLink(hub.database, hub.community.id, { kind: 'registration', email, hours: 24 })}`;
const requests = async () => {
  const [row] = await hub.database.query(
    `SELECT count(*)::int AS n FROM outbox WHERE community_id = $1 AND kind = 'registration-request'`,
    [hub.community.id],
  );
  return row.n;
};
const scrollsSideways = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

describe.each([
  {
    locale: 'fr-FR',
    lang: 'fr',
    sent: 'Regardez votre messagerie',
    waits: 'Votre demande est envoyée',
    done: /C’est fait/,
    error: /^Erreur/,
  },
  {
    locale: 'en-GB',
    lang: 'en',
    sent: 'Look at your mail',
    waits: 'Your request is on its way',
    done: /^Done/,
    error: /^Error/,
  },
])('coming in, in $lang', ({ locale, lang, sent, waits, done, error }) => {
  it('the browser counts by itself, and a network may send more than a few requests', async () => {
    const { page, complaints } = await visit({ locale });
    const before = await requests();
    for (let count = 0; count < 4; count += 1) {
      await page.goto(`${hub.issuer}/login`);
      await page.click('#register');
      await page.fill('#email', `visite${count}-${lang}@exemple.fr`);
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/register\/sent$/);
    }
    expect(await page.textContent('h1')).toBe(sent);
    expect(await requests()).toBe(before + 4);
    expect(complaints).toEqual([]);
  });

  it('says that it counts, to those who see and to those who listen', async () => {
    const { page } = await visit({ locale });
    let answer: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/challenge', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${hub.issuer}/register`);
    await page.fill('#email', `attend-${lang}@exemple.fr`);
    await page.click('#register-submit');
    const status = page.getByRole('status');
    await status.filter({ hasText: /\S/ }).waitFor();
    expect(await page.getAttribute('#register-submit', 'aria-disabled')).toBe('true');
    answer();
    await page.waitForURL(/\/register\/sent$/);
  });

  it('the form can be sent again after the browser’s back button', async () => {
    const { page } = await visit({ locale });
    await page.goto(`${hub.issuer}/register`);
    for (const part of ['un', 'deux', 'trois', 'quatre']) {
      await page.fill('#email', `${part}-retour-${lang}@exemple.fr`);
      await page.click('#register-submit');
      await page.waitForURL(/\/register\/sent$/);
      await page.goBack();
    }
    expect(await page.locator('#error-summary').count()).toBe(0);
  });

  it('somebody asks to join, is shown what is wrong, and an admin lets them in', async () => {
    const { page, complaints } = await visit({ locale, viewport: { width: 375, height: 700 } });
    const username = `camille-${lang}`;
    await page.goto(await linkFor(`${username}@exemple.fr`));
    expect(await page.inputValue('#username')).toBe(username);
    expect(await scrollsSideways(page)).toBe(false);
    await page.fill('#username', 'n0emie');
    await page.fill('#display_name', 'Camille ✿');
    await page.fill('#password', NEW_PASSWORD);
    await page.fill('textarea >> nth=0', 'Sam, de l’atelier');
    await page.click('#newcomer-submit');
    await expectFocus(page, 'error-summary');
    expect(await page.title()).toMatch(error);
    await page.click('#error-summary a');
    await expectFocus(page, 'username');
    expect(await page.inputValue('#display_name')).toBe('Camille ✿');
    expect(await page.inputValue('textarea >> nth=0')).toBe('Sam, de l’atelier');
    await page.fill('#username', username);
    await page.fill('#password', NEW_PASSWORD);
    await page.click('#newcomer-submit');
    expect(await page.textContent('h1')).toBe(waits);

    const admin = await visit({ locale });
    await admin.page.goto(`${hub.issuer}/admin/requests`);
    await typePassword(admin.page, 'noemie');
    const entry = admin.page.locator('.entries > li', { hasText: username });
    expect(await entry.textContent()).toContain('Sam, de l’atelier');
    await entry.locator('button.primary').click();
    expect(await admin.page.textContent('.notice')).toMatch(done);
    await page.goto(`${hub.issuer}/login`);
    await typePassword(page, username, NEW_PASSWORD);
    await page.waitForURL(`${hub.issuer}/`);
    expect([...complaints, ...admin.complaints]).toEqual([]);
  });

  it('an admin makes an invitation whose link and QR code are one, and somebody comes by it', async () => {
    const admin = await visit({ locale });
    await admin.page.goto(`${hub.issuer}/admin/invitations`);
    await typePassword(admin.page, 'noemie');
    await admin.page.fill('#label', `Festival ${lang}`);
    await admin.page.check('#uses-many');
    await admin.page.fill('#max_uses', '2');
    await admin.page.click('#invitation-submit');
    const link = await admin.page.inputValue('#link');
    expect(await admin.page.evaluate(`document.getElementById('qr').naturalWidth > 0`)).toBe(true);

    const { page, complaints } = await visit({ locale, viewport: { width: 375, height: 700 } });
    await page.goto(link);
    expect(await scrollsSideways(page)).toBe(false);
    const username = `zoe-${lang}`;
    await page.fill('#username', username);
    await page.fill('#display_name', 'Zoé');
    await page.fill('#email', `${username}@exemple.fr`);
    await page.fill('#password', NEW_PASSWORD);
    await page.fill('textarea >> nth=0', 'Une affiche');
    await page.click('#newcomer-submit');
    await page.waitForURL(`${hub.issuer}/`);
    await page.goto(link);
    expect(await page.locator('#newcomer-form').count()).toBe(0);
    expect([...complaints, ...admin.complaints]).toEqual([]);
  });
});

it('without scripts the form works as well, and says that fewer are taken', async () => {
  const { page } = await visit({ javaScriptEnabled: false });
  await page.goto(`${hub.issuer}/register`);
  expect(await page.textContent('main')).toContain('Sans JavaScript');
  await page.fill('#email', 'sans-script@exemple.fr');
  await page.click('#register-submit');
  expect(await page.textContent('h1')).toBe('Regardez votre messagerie');
});

it('the invitation’s page prints its link and QR code, and nothing else', async () => {
  const { page } = await visit();
  await page.goto(`${hub.issuer}/admin/invitations`);
  await typePassword(page, 'noemie');
  await page.fill('#label', 'Affiche');
  await page.click('#invitation-submit');
  await page.emulateMedia({ media: 'print' });
  expect(await page.isVisible('#qr')).toBe(true);
  for (const hidden of ['.side-nav', '#link', '.notice', 'details', '.foot'])
    expect(await page.locator(hidden).first().isVisible(), hidden).toBe(false);
  expect(await page.locator('.only-print').first().isVisible()).toBe(true);
});
