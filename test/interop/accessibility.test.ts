import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_PAGES } from '../support/sample-pages.ts';
import { launchChromium } from './support/chromium.ts';
import { focused, overflow, violations } from './support/look-at-page.ts';
import { type SampleServer, startSampleServer } from './support/sample-server.ts';

let browser: Browser;
let samples: SampleServer;
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  samples = await startSampleServer();
  page = await (await browser.newContext()).newPage();
  // A page that sends itself on would be gone before it is looked at.
  await page.route('**/submit.*.js', (route) => route.abort());
});
afterAll(async () => {
  await browser?.close();
  await samples?.stop();
});

/** A folder for pictures of every page, for eyes. */
const PICTURES = process.env.TROUSSEAU_PICTURES;

/** Each width in each light once, over the two languages: texts differ by language, contrasts do not. */
const LOOKS = {
  fr: [
    [1280, 'light'],
    [375, 'dark'],
  ],
  en: [
    [1280, 'dark'],
    [375, 'light'],
  ],
} as const;

describe.each(['fr', 'en'] as const)('every page in %s', (locale) => {
  it.each(Object.keys(SAMPLE_PAGES))('"%s" has nothing that axe finds', async (name) => {
    await page.goto(samples.address(name, locale));
    for (const [width, colorScheme] of LOOKS[locale]) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      if (PICTURES !== undefined) {
        const path = `${PICTURES}/${name.replaceAll(/\W+/g, '-')}-${locale}-${width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: true });
      }
      expect([width, colorScheme, await violations(page)]).toEqual([width, colorScheme, []]);
    }
  });

  // 640 is what is left of 1280 pixels at 200 %, 320 at 400 % (WCAG 2.2 §1.4.10).
  it.each(Object.keys(SAMPLE_PAGES))('"%s" fits from 320 to 1280 pixels', async (name) => {
    await page.goto(samples.address(name, locale));
    for (const width of [320, 375, 640, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect([width, await overflow(page)]).toEqual([width, []]);
    }
  });
});

describe('with a keyboard only', () => {
  it.each(Object.keys(SAMPLE_PAGES))(
    'all of "%s" is reached, and shows that it is',
    async (name) => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(samples.address(name, 'fr'));
      const wanted = await page.evaluate<number>(TABBABLE);
      await page.evaluate('document.activeElement.blur()');
      const reached = new Set<string>();
      const dates = await page.locator('[type=date]').count();
      for (let press = 0; press < wanted + 10 + 4 * dates; press += 1) {
        await page.keyboard.press('Tab');
        const { name: at, isVisible } = await page.evaluate<{ name: string; isVisible: boolean }>(
          FOCUSED,
        );
        if (at === '') continue;
        expect([at, isVisible]).toEqual([at, true]);
        reached.add(at);
      }
      const missed = await page.evaluate<string[]>(
        `[...document.querySelectorAll('[data-tab]')].filter((element) =>
         !${JSON.stringify([...reached])}.includes(element.dataset.tab)).map((element) => element.outerHTML.slice(0, 120))`,
      );
      expect(missed).toEqual([]);
    },
  );
});

/** Numbers what a visitor may use; of a group of radio buttons, which is one stop, the one that is chosen. */
const TABBABLE = `{
  const selector = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const usable = [...document.querySelectorAll(selector)].filter((element) =>
    element.checkVisibility() && !element.disabled &&
    (element.type !== 'radio' || element.checked || !document.querySelector('[name="' + element.name + '"]:checked')));
  usable.forEach((element, index) => { element.dataset.tab = String(index); });
  usable.length;
}`;

/** The element that has the focus, and whether it looks otherwise than without. */
const FOCUSED = `{
  const element = document.activeElement;
  const look = () => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor, top, left } = getComputedStyle(element);
    return JSON.stringify([outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor, top, left]);
  };
  const name = element.dataset.tab ?? '';
  const differs = () => {
    const withFocus = look();
    const { transition } = element.style;
    element.style.transition = 'none';
    element.blur();
    const without = look();
    element.focus();
    element.style.transition = transition;
    return withFocus !== without;
  };
  // A date has several stops: whoever leaves it and comes back is at the first again.
  const isDate = element.matches('[type=date]');
  ({ name, isVisible: isDate ? getComputedStyle(element).outlineStyle !== 'none' : differs() });
}`;

describe('a refused form', () => {
  const refused = Object.entries(SAMPLE_PAGES)
    .filter(([, page]) => {
      const { fault, faults } = page as { fault?: unknown; faults?: unknown[] };
      return fault !== undefined || (faults !== undefined && faults.length > 0);
    })
    .map(([name]) => name);

  it.each(refused)('"%s" has the focus where the fault is told, and links to it', async (name) => {
    await page.goto(samples.address(name, 'fr'));
    expect(await page.locator('#error-summary[role=alert]').count()).toBe(1);
    await page.waitForFunction('document.activeElement !== document.body');
    const id = await focused(page);
    if (id !== 'error-summary') await expectTold(page.locator(`#${id}`));
    for (const link of await page.locator('#error-summary a').all()) {
      const target = page.locator((await link.getAttribute('href')) as string);
      await link.click();
      expect(
        await target.evaluate((element) => element === element.ownerDocument.activeElement),
      ).toBe(true);
      await expectTold(target);
    }
  });
});

/** A field that is at fault says so, and by what. */
async function expectTold(target: Locator): Promise<void> {
  const field = await target.evaluate((element) => ({
    isField: element.matches('input, select, textarea'),
    isButton: element.matches('button'),
    isInvalid: element.getAttribute('aria-invalid') === 'true',
    describedBy: element.getAttribute('aria-describedby') ?? '',
  }));
  if (field.isField || field.isButton) expect(field.describedBy).toMatch(/\bfault/);
  if (field.isField) expect(field.isInvalid || field.describedBy === 'fault').toBe(true);
}
