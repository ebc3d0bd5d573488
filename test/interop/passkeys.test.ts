import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { type Lieu, startLieu } from './support/lieu.ts';
import {
  giveAuthenticator,
  type VirtualAuthenticator,
  type VirtualCredential,
} from './support/virtual-authenticator.ts';
import { typePassword } from './support/visits.ts';

let lieu: Lieu;
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
  lieu = await startLieu();
});
afterAll(async () => {
  await browser?.close();
  await lieu?.stop();
});

const NO_SUGGESTIONS = 'PublicKeyCredential.isConditionalMediationAvailable = async () => false;';

type Visit = { page: Page; authenticator: VirtualAuthenticator; username: string };

/** A member who made a passkey, and is signed out again. */
async function withPasskey({ suggests = false, locale = 'fr-FR' } = {}): Promise<Visit> {
  const { username } = await lieu.member();
  const context = await newVisitor(browser, { locale });
  const page = await context.newPage();
  const authenticator = await giveAuthenticator(page);
  // This authenticator takes a suggestion at once: the button is for browsers that make none.
  if (!suggests) await page.addInitScript(NO_SUGGESTIONS);
  await page.goto(`${lieu.issuer}/login`);
  await typePassword(page, username);
  await page.waitForSelector('a.service-tile');
  await page.goto(`${lieu.issuer}/account/passkeys`);
  await page.fill('#name', 'Mon ordinateur');
  await page.click('#passkey-submit');
  await page.waitForURL(/recovery-codes/);
  await page.context().clearCookies();
  return { page, authenticator, username };
}

describe('a passkey', () => {
  it('is made on the account’s page, and listed there by its name', async () => {
    const { page, authenticator, username } = await withPasskey();
    expect(await authenticator.credentials()).toMatchObject([
      { rpId: 'localhost', isResidentCredential: true },
    ]);
    await signInByButton(page);
    await page.waitForSelector('a.service-tile');
    expect(await page.textContent('main')).toContain(username);
    await page.goto(`${lieu.issuer}/account/passkeys`);
    expect(await page.textContent('.entries')).toContain('Mon ordinateur');
  });

  it('signs in from the suggestions of the username’s field', async () => {
    const { page, username } = await withPasskey({ suggests: true });
    await page.goto(`${lieu.issuer}/login`);
    await page.waitForSelector('a.service-tile');
    expect(await page.textContent('main')).toContain(username);
  });

  it('is asked for after the password', async () => {
    const { page, username } = await withPasskey();
    await page.goto(`${lieu.issuer}/login`);
    await typePassword(page, username);
    await page.waitForURL(/second-factor/);
    await page.click('#passkey-submit');
    await page.waitForSelector('a.service-tile');
    const [session] = await lieu.hub.database.query<{ amr: string[] }>(
      `SELECT payload->'amr' AS amr FROM sessions s JOIN memberships m USING (community_id, subject)
       WHERE m.username = $1 ORDER BY s.created_at DESC LIMIT 1`,
      [username],
    );
    expect(session?.amr).toEqual(['pwd', 'hwk', 'mfa']);
  });

  it('signs in to an app', async () => {
    const { page, username } = await withPasskey();
    await page.goto(`${lieu.app.home}login`);
    await page.click('#passkey-submit');
    await page.click('#consent-allow');
    expect(await page.textContent('#app-member')).toContain(username);
  });

  it('of another RP ID is not offered, and the page says that none fits', async () => {
    const { page, authenticator } = await withPasskey();
    const [credential] = await authenticator.credentials();
    await authenticator.clear();
    await authenticator.put({ ...(credential as VirtualCredential), rpId: 'elsewhere.example' });
    await page.goto(`${lieu.issuer}/login`);
    await page.click('#passkey-submit');
    await page.waitForSelector('[data-passkey-message=cancelled]:not([hidden])');
    expect(await page.inputValue('#username')).toBe('');
  });

  it('that was copied is refused as soon as the original went on', async () => {
    const { page, authenticator, username } = await withPasskey();
    const [copy] = await authenticator.credentials();
    await signInByButton(page);
    await page.waitForSelector('a.service-tile');
    await page.context().clearCookies();
    await authenticator.clear();
    await authenticator.put(copy as VirtualCredential);
    await signInByButton(page);
    await page.waitForSelector('#error-summary');
    expect(await page.textContent('#error-summary')).toContain('n’a pas pu être vérifiée');
    const [event] = await lieu.hub.database.query(
      `SELECT 1 FROM events e JOIN memberships m USING (community_id, subject)
       WHERE m.username = $1 AND e.type = 'passkey.counter-went-back'`,
      [username],
    );
    expect(event).toBeDefined();
  });

  it('is looked after and used in English as well', async () => {
    const { page, username } = await withPasskey({ locale: 'en-GB' });
    await page.goto(`${lieu.issuer}/login`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForSelector('a.service-tile');
    expect(await page.textContent('main')).toContain(username);
    await page.goto(`${lieu.issuer}/account/passkeys`);
    expect(await page.textContent('h1')).toBe('Passkeys');
    expect(await page.textContent('.entries')).toMatch(/Last used on \d+\s\w+ \d{4}/);
    await page.getByRole('button', { name: 'Create a passkey' }).click();
    await page.getByText('has a passkey of your account already').waitFor();
  });

  it('opens nothing any more once it is removed, renamed or not', async () => {
    const { page } = await withPasskey();
    await signInByButton(page);
    await page.waitForSelector('a.service-tile');
    await page.goto(`${lieu.issuer}/account/passkeys`);
    await page.getByText('Renommer').click();
    await page.getByLabel('Nom de la clé').fill('Vieil ordinateur');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.waitForSelector('[role=status]');
    expect(await page.textContent('.entries')).toContain('Vieil ordinateur');
    await page.locator('summary', { hasText: 'Supprimer' }).click();
    await page.getByRole('button', { name: 'Supprimer cette clé d’accès' }).click();
    await page.waitForSelector('.empty');
    await page.context().clearCookies();
    await signInByButton(page);
    await page.waitForSelector('#error-summary');
  });
});

async function signInByButton(page: Page) {
  await page.goto(`${lieu.issuer}/login`);
  await page.click('#passkey-submit');
}
