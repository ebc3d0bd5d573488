import { describe, expect, it } from 'vitest';
import { Browser, type Page } from './support/browser.ts';
import { PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const hub = useHub({
  service: { name: 'Agenda' },
  client: { grants: ['authorization_code', DEVICE] },
});

const newBrowser = () => new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });

const STATUSES = ['suspended', 'left', 'requested'] as const;
type Status = (typeof STATUSES)[number];

/** Signs in as somebody whose account is closed. */
async function closedPage(browser: Browser, url: string, status: Status): Promise<Page> {
  const { username } = await hub.newMember({ status });
  const login = await browser.open(url);
  return browser.submit(login, '#login-form', { username, password: PASSWORD });
}

describe.each(STATUSES)('whoever is %s, and came from an app', (status) => {
  it('goes back there, and the app is told with its own state that it was denied', async () => {
    const browser = newBrowser();
    const closed = await closedPage(
      browser,
      hub.client.authorizationUrl({ state: 'state of the app' }),
      status,
    );
    const back = closed.document.querySelector('#return-to-app');
    expect([closed.status, back?.tagName, back?.text.trim()]).toEqual([
      403,
      'BUTTON',
      'Revenir à Agenda',
    ]);
    // Browsers hold this against the redirect that follows, too.
    expect(closed.headers.get('content-security-policy')).not.toContain("form-action 'self'");
    const page = await browser.submit(closed, 'form[action$="/return"]', {}, '#return-to-app');
    const { iss, ...answer } = Object.fromEntries(hub.client.answer(page));
    expect(answer).toEqual({
      error: 'access_denied',
      error_description: 'the sign-in was given up',
      state: 'state of the app',
    });
    expect(iss).toBe(hub.client.issuer);
    expect((await browser.open(`${hub.client.issuer}/account`)).url).toContain('/login');
  });
});

it('whoever came by themselves is led to no app', async () => {
  const page = await closedPage(newBrowser(), `${hub.client.issuer}/login`, 'suspended');
  expect([page.status, page.document.querySelector('#return-to-app')]).toEqual([403, null]);
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
});

it('the way back is no way for a browser that the app did not send', async () => {
  const closed = await closedPage(newBrowser(), hub.client.authorizationUrl(), 'suspended');
  const action = closed.document.querySelector('form[action$="/return"]')?.getAttribute('action');
  const stranger = newBrowser();
  const { document } = await stranger.open(`${hub.client.issuer}/login`);
  const csrf = document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
  const answer = await stranger.open(new URL(action as string, closed.url).href, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: hub.url },
    body: new URLSearchParams({ csrf }).toString(),
  });
  expect([answer.status, hub.client.isBack(answer)]).toEqual([400, false]);
});

it('whoever came from a device gives it an answer', async () => {
  const begun = await hub.client.post('/oidc/device/auth', { scope: 'openid' });
  const { user_code, device_code } = (await begun.json()) as Record<string, string>;
  const browser = newBrowser();
  const entry = await browser.open(`${hub.client.issuer}/oidc/device`);
  const confirm = await browser.submit(entry, '#device-form', { user_code: user_code as string });
  const login = await browser.submit(confirm, '#device-form', {}, '#device-confirm');
  const { username } = await hub.newMember({ status: 'suspended' });
  const closed = await browser.submit(login, '#login-form', { username, password: PASSWORD });
  const page = await browser.submit(closed, 'form[action$="/return"]', {}, '#return-to-app');
  expect(page.status).toBeLessThan(500);
  const fields = { grant_type: DEVICE, device_code: device_code as string };
  const polled = await hub.client.post('/oidc/token', fields);
  expect(await polled.json()).toMatchObject({ error: 'access_denied' });
});
