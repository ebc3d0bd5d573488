import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';

/** Debian's Chromium, without a window. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.TROUSSEAU_INTEROP_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: false,
  });
}

/** A visitor of their own: no cookie is shared with another. */
export async function newVisitor(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({
    locale: 'fr-FR',
    ignoreHTTPSErrors: true,
    ...options,
  });
  context.setDefaultTimeout(15_000);
  return context;
}
