import { describe, expect, it } from 'vitest';
import type { Browser, Page } from '../support/browser.ts';
import { PASSWORD } from '../support/factories.ts';
import type { Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// The device flow (RFC 8628), without scripts in the browser.

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const hub = useHub({
  member: {},
  client: {
    auth: 'none',
    grants: [GRANT, 'refresh_token'],
    redirectUris: [],
  },
});

type Codes = {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
};

function send(path: string, fields: Record<string, string>): Promise<Response> {
  return fetch(`${hub.issuer}${path}`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: hub.service.clientId, ...fields }),
  });
}

async function askForCodes(): Promise<Codes> {
  const response = await send('/oidc/device/auth', { scope: 'openid profile' });
  expect(response.status).toBe(200);
  return (await json(response)) as Codes;
}

const poll = ({ device_code }: Codes) => send('/oidc/token', { grant_type: GRANT, device_code });
const errorOf = async (codes: Codes) => (await json(await poll(codes))).error;

/** Types the code and confirms it, then whatever is asked, to the page that says it is done. */
async function connect(browser: Browser, confirmation: Page): Promise<Page> {
  let page = await browser.submit(confirmation, '#device-form', {}, '#device-confirm');
  if (page.document.querySelector('#login-form') !== null) {
    page = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    });
  }
  if (page.document.querySelector('#consent-form') !== null)
    page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
  return page;
}

describe('a device', () => {
  it('gets its tokens once the member has typed the code, confirmed and signed in', async () => {
    const codes = await askForCodes();
    expect(codes.verification_uri).toBe(`${hub.issuer}/oidc/device`);
    expect(codes.expires_in).toBeGreaterThan(60);
    expect(await errorOf(codes)).toBe('authorization_pending');
    const browser = newBrowser();
    const page = await browser.open(codes.verification_uri);
    const confirmation = await browser.submit(page, '#device-form', {
      user_code: codes.user_code.toLowerCase(),
    });
    expect(confirmation.text).toContain(codes.user_code);
    const done = await connect(browser, confirmation);
    expect(done.status).toBe(200);
    const tokens = (await json(await poll(codes))) as unknown as Tokens;
    expect((await hub.client.idToken(tokens)).sub).toBe(hub.member.subject);
    expect(await errorOf(codes)).toBe('invalid_grant');
  });

  it('may show an address that holds the code, which a form of ours takes over', async () => {
    const codes = await askForCodes();
    const browser = newBrowser();
    const page = await browser.open(codes.verification_uri_complete);
    expect(page.document.querySelector('title')?.text).toContain(hub.community.slug);
    const confirmation = await browser.submit(page, '#submit-form');
    expect(confirmation.document.querySelector('#device-confirm')).not.toBeNull();
    await connect(browser, confirmation);
    expect(await json(await poll(codes))).toHaveProperty('access_token');
  });

  it('is told when the member says no', async () => {
    const codes = await askForCodes();
    const browser = newBrowser();
    const page = await browser.open(codes.verification_uri);
    const confirmation = await browser.submit(page, '#device-form', { user_code: codes.user_code });
    await browser.submit(confirmation, '#device-form', {}, '#device-abort');
    expect(await errorOf(codes)).toBe('access_denied');
  });
});

describe('the page for the code', () => {
  it('takes a wrong code with a page that can be tried again', async () => {
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}/oidc/device`);
    const again = await browser.submit(page, '#device-form', { user_code: 'WRNG-CODE' });
    expect(again.document.querySelector('#user_code')).not.toBeNull();
    expect(again.document.querySelector('#fault')).not.toBeNull();
  });

  it('is not for a client that is not registered for devices', async () => {
    const app = await hub.newClient();
    const response = await app.post('/oidc/device/auth', { scope: 'openid' });
    expect(response.status).toBe(400);
  });
});

describe('a browser without the cookie of the page for the code', () => {
  it.each([
    ['that sends a code all the same', 'POST', '/oidc/device'],
    ['that follows an address which leads back to no question', 'GET', '/oidc/device/ANYTHING'],
  ])('%s gets a page that can be sent', async (_what, method, path) => {
    const codes = await askForCodes();
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}${path}`, {
      method,
      ...(method === 'POST' && { body: new URLSearchParams({ user_code: codes.user_code }) }),
    });
    expect(page.status).toBe(400);
    const confirmation = await browser.submit(page, '#device-form', { user_code: codes.user_code });
    expect(confirmation.document.querySelector('#device-confirm')).not.toBeNull();
  });
});
