import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const AXE = readFileSync(
  new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url),
  'utf8',
);

type Violation = { id: string; nodes: { html: string; failureSummary: string }[] };

/** What axe finds, one line for each element. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`window.axe === undefined && (() => { ${AXE} })()`);
  const found = await page.evaluate<Violation[]>('axe.run().then(({ violations }) => violations)');
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** What sticks out to the right of the window; parts that scroll by themselves may. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`{
    const width = document.documentElement.clientWidth;
    const scrolls = (element) => {
      for (let up = element.parentElement; up !== null; up = up.parentElement)
        if (up !== document.body && /auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return true;
      return false;
    };
    [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element))
      .map((element) => element.outerHTML.slice(0, 160))
      .concat(document.documentElement.scrollWidth > width ? ['the page scrolls sideways'] : []);
  }`);
}

/** The id of the element that the next key would go to. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement?.id ?? ""');
}

/** Waits until the element of this id has the focus: a page gives it some time after it was loaded. */
export async function expectFocus(page: Page, id: string): Promise<void> {
  try {
    await page.waitForFunction(`document.activeElement?.id === ${JSON.stringify(id)}`, undefined, {
      timeout: 5000,
    });
  } catch (cause) {
    throw new Error(`#${id} never had the focus, but #${await focused(page)}`, { cause });
  }
}
