import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwoAddresses, type TwoAddresses } from './support/two-addresses.ts';
import { giveAuthenticator } from './support/virtual-authenticator.ts';
import { typePassword } from './support/visits.ts';

let place: TwoAddresses;
beforeAll(async () => {
  place = await startTwoAddresses();
});
afterAll(() => place?.stop());

const NO_SUGGESTIONS = 'PublicKeyCredential.isConditionalMediationAvailable = async () => false;';
/** As a browser that has not heard of related origins. */
const NO_RELATED_ORIGINS = `
  PublicKeyCredential.getClientCapabilities = async () => ({ relatedOrigins: false });
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = async (options) => {
    if (options.publicKey.rpId !== location.hostname) throw new DOMException('', 'SecurityError');
    return get(options);
  };`;

/** A member with a passkey made at one address, signed out again. */
async function withPasskey(issuer: string, { relatedOrigins = true } = {}) {
  await place.context.clearCookies();
  const { username } = await place.member();
  const page = await place.context.newPage();
  const authenticator = await giveAuthenticator(page);
  await page.addInitScript(NO_SUGGESTIONS);
  if (!relatedOrigins) await page.addInitScript(NO_RELATED_ORIGINS);
  await page.goto(`${issuer}/login`);
  await typePassword(page, username);
  await page.waitForURL(`${issuer}/`);
  await page.goto(`${issuer}/account/passkeys`);
  await page.click('#passkey-submit');
  await page.waitForURL(/recovery-codes/);
  await place.context.clearCookies();
  const [credential] = await authenticator.credentials();
  return { page, username, rpId: credential?.rpId };
}

const amrOf = async (username: string) => {
  const [session] = await place.hub.database.query<{ amr: string[]; issuer: string }>(
    `SELECT payload->'amr' AS amr, issuer FROM sessions s JOIN memberships m USING (community_id, subject)
     WHERE m.username = $1 ORDER BY s.created_at DESC LIMIT 1`,
    [username],
  );
  return session;
};

const tryOther = (page: Page) => page.locator('[data-passkey-elsewhere] button').click();

describe.each([
  { made: 'at the hub', at: 'atHub', used: 'at the community’s host', other: 'atHost' },
  { made: 'at the community’s host', at: 'atHost', used: 'at the hub', other: 'atHub' },
] as const)('a passkey made $made', ({ at, other }) => {
  it('has that host as its RP ID, and signs in at the other address by related origins', async () => {
    const { page, username, rpId } = await withPasskey(place[at]);
    expect(rpId).toBe(new URL(place[at]).host);
    await page.goto(`${place[other]}/login`);
    await page.click('#passkey-submit');
    await tryOther(page);
    await page.waitForURL(`${place[other]}/`);
    expect(await amrOf(username)).toEqual({
      amr: ['hwk', 'user', 'mfa'],
      issuer: place[other],
    });
  });

  it('is a second factor at the other address by related origins', async () => {
    const { page, username } = await withPasskey(place[at]);
    await page.goto(`${place[other]}/login`);
    await typePassword(page, username);
    await page.click('#passkey-submit');
    await page.waitForURL(`${place[other]}/`);
    expect((await amrOf(username))?.amr).toEqual(['pwd', 'hwk', 'mfa']);
  });

  it('is proven where it was made and counts here, where the browser knows no related origins', async () => {
    const { page, username } = await withPasskey(place[at], { relatedOrigins: false });
    await page.goto(`${place[other]}/login`);
    await typePassword(page, username);
    await page.click('#passkey-submit');
    await page.waitForSelector('[data-passkey-message=not-here]:not([hidden])');
    await page.click('#passkey-elsewhere-0 a');
    await page.waitForURL(`${place[at]}/hand-off/**`);
    await page.click('#passkey-submit');
    await page.waitForURL(`${place[other]}/`);
    expect(await amrOf(username)).toEqual({
      amr: ['pwd', 'hwk', 'mfa'],
      issuer: place[other],
    });
  });
});
