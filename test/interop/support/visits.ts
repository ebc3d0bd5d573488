import type { Page } from 'playwright-core';
import { PASSWORD } from '../../support/factories.ts';

/** Fills in the hub's sign-in page and sends it. */
export async function typePassword(page: Page, username: string, password = PASSWORD) {
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.click('#login-submit');
}

/** Says yes where the hub shows what the app will get. */
export async function agree(page: Page) {
  await page.click('#consent-allow');
}
