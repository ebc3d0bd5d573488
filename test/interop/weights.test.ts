import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { givePasskey } from '../support/belongings.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import { typePassword } from './support/visits.ts';

/** What a page of a sign-in may weigh with all that it loads, as it comes over the network. */
const MOST_BYTES = 60_000;

let lieu: Lieu;
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
  lieu = await startLieu();
  await lieu.hub.database.query(`UPDATE communities SET registration = 'open'`);
  await lieu.hub.app.settle();
});
afterAll(async () => {
  await browser?.close();
  await lieu?.stop();
});

/** Somebody whose browser keeps nothing, and notes whom it asks. */
async function visit() {
  const page = await (await newVisitor(browser)).newPage();
  const asked: { host: string; bytes: Promise<number> }[] = [];
  page.on('requestfinished', (request) => {
    const url = new URL(request.url());
    if (!url.protocol.startsWith('http')) return;
    const bytes = request
      .sizes()
      .then(({ responseHeadersSize, responseBodySize }) => responseHeadersSize + responseBodySize);
    asked.push({ host: url.host, bytes });
  });
  return { page, asked };
}

const JOURNEYS: Record<string, (page: Page) => Promise<unknown>> = {
  'the sign-in page': (page) => page.goto(`${lieu.issuer}/login`),
  'the sign-in page for an app': (page) => page.goto(lieu.app.home.concat('login')),
  'the registration page': (page) => page.goto(`${lieu.issuer}/register`),
  'the recovery page': (page) => page.goto(`${lieu.issuer}/recover`),
};

it.each(Object.entries(JOURNEYS))('%s weighs under 60 KB and asks nobody else', async (_, go) => {
  const { page, asked } = await visit();
  await go(page);
  await page.waitForLoadState('networkidle');
  expect(await page.locator('main form[method=post]').count()).toBeGreaterThan(0);
  expect(asked.length).toBeGreaterThan(1);
  const ours = [new URL(lieu.issuer).host, new URL(lieu.app.home).host];
  expect(asked.filter(({ host }) => !ours.includes(host))).toEqual([]);
  const sizes = await Promise.all(asked.map(({ bytes }) => bytes));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
});

it('the page of the second factor weighs under 60 KB and asks nobody else', async () => {
  const member = await lieu.member();
  await givePasskey(lieu.hub.database, member, { rpId: 'localhost' });
  await lieu.hub.app.settle();
  const first = await visit();
  await first.page.goto(`${lieu.issuer}/login`);
  await typePassword(first.page, member.username);
  await first.page.waitForURL(/second-factor/);
  await first.page.waitForLoadState('networkidle');
  // Both pages together, what the browser kept of the first left out.
  const sizes = await Promise.all(first.asked.map(({ bytes }) => bytes));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  expect(new Set(first.asked.map(({ host }) => host))).toEqual(
    new Set([new URL(lieu.issuer).host]),
  );
});
