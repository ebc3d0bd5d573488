import type { Browser, Request } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { agree, typePassword } from './support/visits.ts';

// docs/decisions/0006-post-becomes-get.md, in a real browser.

let browser: Browser;
const hub = useHub({ service: {} });

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

it.each([true, false])(
  'a form_post answer reaches an app on another site (scripts: %s)',
  async (javaScriptEnabled) => {
    const member = await hub.newMember();
    const app = new RelyingParty(hub.url, hub.community, hub.service);
    const page = await (await newVisitor(browser, { javaScriptEnabled })).newPage();
    const received: Request[] = [];
    await page.route(`${hub.service.redirectUri}**`, async (route) => {
      received.push(route.request());
      await route.fulfill({ contentType: 'text/html', body: '<h1>the app</h1>' });
    });
    await page.goto(app.authorizationUrl({ response_mode: 'form_post' }));
    await typePassword(page, member.username);
    await agree(page);
    if (!javaScriptEnabled) await page.click('#submit-continue');
    await page.waitForURL(hub.service.redirectUri);
    expect(received.map((request) => request.method())).toEqual(['POST']);
    const answer = new URLSearchParams(received[0]?.postData() ?? '');
    expect((await app.idToken(await app.tokens(answer))).sub).toBe(member.subject);
  },
);

it('a request that another site posts brings the member’s session, and needs no second sign-in', async () => {
  const member = await hub.newMember();
  const app = new RelyingParty(hub.url, hub.community, hub.service);
  const page = await (await newVisitor(browser)).newPage();
  await page.route(`${hub.service.redirectUri}**`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>the app</h1>' }),
  );
  await page.goto(app.authorizationUrl());
  await typePassword(page, member.username);
  await agree(page);
  await page.waitForURL(`${hub.service.redirectUri}?**`);

  const request = new URL(app.authorizationUrl({ state: 'posted' }));
  const inputs = [...request.searchParams].map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
  );
  await page.route('http://elsewhere.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${request.origin}${request.pathname}">${inputs.join('')}<button>Go</button></form>`,
    }),
  );
  await page.goto('http://elsewhere.example/');
  await page.click('button');
  await page.waitForURL((url) => url.searchParams.get('state') === 'posted', { timeout: 10_000 });
  expect(page.url().startsWith(hub.service.redirectUri)).toBe(true);
  expect(new URL(page.url()).searchParams.has('code')).toBe(true);
});
