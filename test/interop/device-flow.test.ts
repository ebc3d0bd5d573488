import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BuiltService, buildService } from '../support/factories.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { ENGLISH, FRENCH, type Words } from './support/languages.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import { agree, typePassword } from './support/visits.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

let lieu: Lieu;
let browser: Browser;
let player: BuiltService;
beforeAll(async () => {
  browser = await launchChromium();
  lieu = await startLieu();
  player = await buildService(
    lieu.hub,
    lieu.community,
    { slug: 'player', name: 'Télé du lieu' },
    {
      grants: [GRANT, 'authorization_code', 'refresh_token'],
      auth: 'none',
    },
  );
  // The hub already knows the community, and hears of the new service a moment later.
  await vi.waitFor(async () => expect((await post('device/auth', {})).status).toBe(200));
});
afterAll(async () => {
  await browser?.close();
  await lieu?.stop();
});

type Codes = { device_code: string; user_code: string; verification_uri: string };

async function post(path: string, fields: Record<string, string>) {
  const body = new URLSearchParams({ client_id: player.clientId, ...fields });
  const response = await fetch(`${lieu.issuer}/oidc/${path}`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** What a device without a keyboard does first (RFC 8628 §3.1). */
async function askForCodes(): Promise<Codes> {
  const { body } = await post('device/auth', { scope: 'openid profile' });
  return body as Codes;
}

/** One poll of the device (RFC 8628 §3.4). */
function poll(codes: Codes) {
  return post('token', { grant_type: GRANT, device_code: codes.device_code });
}

async function visit(words: Words): Promise<Page> {
  return (await newVisitor(browser, { locale: words.locale })).newPage();
}

describe.each([FRENCH, ENGLISH])('connecting a device, in $language', (words) => {
  it('lets the device in once the member has typed its code, signed in and said yes', async () => {
    const member = await lieu.member();
    const codes = await askForCodes();
    expect((await poll(codes)).body).toMatchObject({ error: 'authorization_pending' });

    const page = await visit(words);
    await page.goto(codes.verification_uri);
    expect(await page.getAttribute('html', 'lang')).toBe(words.lang);
    await page.getByLabel(words.deviceCode, { exact: true }).fill(codes.user_code);
    await page.getByRole('button', { name: words.deviceContinue }).click();
    await page.getByText(words.deviceWarning).waitFor();
    expect(await page.textContent('main')).toContain(codes.user_code);
    expect(await page.textContent('main')).toContain('Télé du lieu');
    await page.getByRole('button', { name: words.deviceConfirm }).click();
    await typePassword(page, member.username);
    await agree(page);
    await page.getByRole('heading', { name: words.deviceDone }).waitFor();

    const tokens = await poll(codes);
    expect(tokens.status).toBe(200);
    const me = await fetch(`${lieu.issuer}/oidc/me`, {
      headers: { authorization: `Bearer ${tokens.body.access_token}` },
    });
    expect(await me.json()).toMatchObject({ sub: member.subject });
  });

  it('says that a code is wrong, and lets the member type it again', async () => {
    const codes = await askForCodes();
    const page = await visit(words);
    await page.goto(codes.verification_uri);
    await page.fill('#user_code', 'WRNG-CODE');
    await page.click('#device-submit');
    expect(await page.textContent('main')).toMatch(words.deviceUnknown);
    await page.fill('#user_code', codes.user_code.toLowerCase().replace('-', ' '));
    await page.click('#device-submit');
    await page.waitForSelector('#device-confirm');
  });
});

describe('a device whose member says no', () => {
  it('is told that access is denied', async () => {
    const codes = await askForCodes();
    const page = await visit(FRENCH);
    await page.goto(codes.verification_uri);
    await page.fill('#user_code', codes.user_code);
    await page.click('#device-submit');
    await page.click('#device-abort');
    await page.waitForLoadState();
    expect(await poll(codes)).toMatchObject({ status: 400, body: { error: 'access_denied' } });
  });
});
