import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { renameMember } from '../../src/domain/memberships/rename-member.ts';
import type { BuiltMember } from '../support/factories.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { matrixClient } from './support/matrix-client.ts';
import { type Network, startNetwork } from './support/network.ts';
import { agree, typePassword } from './support/visits.ts';

let network: Network;
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
  network = await startNetwork();
});
afterAll(async () => {
  await browser?.close();
  await network?.stop();
});

/** A visitor who is signed in to both apps; one who comes back (`as`) has seen what they get. */
async function signedInEverywhere(
  as?: BuiltMember,
): Promise<{ member: BuiltMember; page: Page; context: BrowserContext }> {
  const member = as ?? (await network.member());
  const context = await newVisitor(browser);
  const page = await context.newPage();
  await page.goto(network.apacheClient.protectedUrl);
  await typePassword(page, member.username);
  if (as === undefined) await agree(page);
  await page.waitForURL(network.apacheClient.protectedUrl);
  await page.goto(network.exampleApp.home);
  await page.click('#app-login');
  if (as === undefined) await agree(page);
  await page.waitForSelector('#app-member');
  return { member, page, context };
}

/** What an app answers to the browser's cookies by itself, no redirect followed. */
async function apacheLetsIn(context: BrowserContext): Promise<boolean> {
  const url = network.apacheClient.protectedUrl;
  const response = await context.request.get(url, { maxRedirects: 0 });
  return response.status() === 200;
}

async function exampleAppLetsIn(context: BrowserContext): Promise<boolean> {
  const response = await context.request.get(network.exampleApp.home);
  return (await response.text()).includes('id="app-member"');
}

/** Logouts travel through the hub's outbox: they arrive soon, not at once. */
function soon(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 100 });
}

describe('one account, apps that this project did not write', () => {
  it('lets a member into Apache (mod_auth_openidc) with the claims that the service may have', async () => {
    const member = await network.member('Zoé Éluard');
    const page = await (await newVisitor(browser)).newPage();
    await page.goto(network.apacheClient.protectedUrl);
    expect(new URL(page.url()).origin).toBe(network.hub.url);
    await typePassword(page, member.username);
    await agree(page);
    await page.waitForURL(network.apacheClient.protectedUrl);
    expect(await page.textContent('#remote-user')).toBe(member.username);
    expect(await page.textContent('#sub')).toBe(member.subject);
    expect(await page.textContent('#name')).toBe('Zoé Éluard');
    expect(await page.textContent('#email')).toBe(member.email);
    expect(await page.textContent('#email_verified')).toBe('1');
    expect(await page.textContent('#groups')).toBe(`atelier-${member.username}`);
  });

  it('asks for the password once, for Apache, an openid-client app and Matrix', async () => {
    const { member, page } = await signedInEverywhere();
    expect(await page.textContent('#app-member')).toContain('Zoé Éluard');
    const matrix = matrixClient(network.synapse.origin);
    await matrix.openSso(page);
    expect(await page.locator('#password').count()).toBe(0);
    const device = await matrix.finishSso(page);
    expect(device.user_id).toBe(`@${member.username}:lieu.example`);

    // The second visit shows nothing at all: what is shared has been seen.
    const elsewhere = await page.context().newPage();
    await page.context().clearCookies({ name: /^(?!trousseau)/ });
    await elsewhere.goto(network.apacheClient.protectedUrl);
    expect(await elsewhere.textContent('#remote-user')).toBe(member.username);
  });

  it('ends the session in Apache when the member signs out of the other app', async () => {
    const { page, context } = await signedInEverywhere();
    expect(await apacheLetsIn(context)).toBe(true);
    await page.goto(`${network.exampleApp.home}logout`);
    await page.click('#logout-confirm');
    await page.waitForURL(network.exampleApp.home);
    await page.waitForSelector('#app-login');
    await soon(async () => expect(await apacheLetsIn(context)).toBe(false));
    await page.goto(network.apacheClient.protectedUrl);
    await page.waitForSelector('#login-form');
    expect(network.apache.accessLog()).toContain(
      'POST /protected/redirect_uri?logout=backchannel 200',
    );
  });

  it('ends the session in the other app when the member signs out of Apache', async () => {
    const { page, context } = await signedInEverywhere();
    await page.goto(network.apacheClient.logoutUrl);
    await page.click('#logout-confirm');
    await page.waitForURL(`${network.apacheClient.loggedOutUrl}**`);
    await soon(async () => expect(await exampleAppLetsIn(context)).toBe(false));
    expect(await apacheLetsIn(context)).toBe(false);
    await page.goto(network.exampleApp.home);
    await page.click('#app-login');
    await page.waitForSelector('#login-form');
  });

  it('ends the sessions in both apps when the member signs out of the hub', async () => {
    const { page, context } = await signedInEverywhere();
    await page.goto(`${network.issuer}/oidc/session/end`);
    await page.click('#logout-confirm');
    await soon(async () => {
      expect(await apacheLetsIn(context)).toBe(false);
      expect(await exampleAppLetsIn(context)).toBe(false);
    });
  });

  it('ends them on every device when the member asks for that at home', async () => {
    const laptop = await signedInEverywhere();
    const phone = await signedInEverywhere(laptop.member);
    await phone.page.goto(network.issuer);
    await phone.page.click('#sign-out-everywhere');
    await soon(async () => {
      for (const { context } of [laptop, phone]) {
        expect(await apacheLetsIn(context)).toBe(false);
        expect(await exampleAppLetsIn(context)).toBe(false);
      }
    });
    await laptop.page.goto(network.apacheClient.protectedUrl);
    await laptop.page.waitForSelector('#login-form');
  });

  it('keeps another member signed in when one signs out', async () => {
    const [leaving, staying] = [await signedInEverywhere(), await signedInEverywhere()];
    await leaving.page.goto(`${network.issuer}/oidc/session/end`);
    await leaving.page.click('#logout-confirm');
    await soon(async () => expect(await apacheLetsIn(leaving.context)).toBe(false));
    await soon(async () => expect(await exampleAppLetsIn(leaving.context)).toBe(false));
    expect(await apacheLetsIn(staying.context)).toBe(true);
    expect(await exampleAppLetsIn(staying.context)).toBe(true);
  });
});

describe('a Matrix client signing in by single sign-on', () => {
  it('gets an access token for the right name, by way of the hub', async () => {
    const member = await network.member('Amélie Nœud');
    const page = await (await newVisitor(browser)).newPage();
    const matrix = matrixClient(network.synapse.origin);
    expect(await matrix.flows()).toContainEqual(expect.objectContaining({ type: 'm.login.sso' }));
    await matrix.openSso(page);
    await typePassword(page, member.username);
    const device = await matrix.finishSso(page);
    expect(device.user_id).toBe(`@${member.username}:lieu.example`);
    expect(await matrix.whoami(device.access_token)).toMatchObject({
      status: 200,
      body: { user_id: device.user_id, device_id: device.device_id },
    });
    expect(await matrix.profile(device.user_id)).toMatchObject({ displayname: 'Amélie Nœud' });
  });

  it('takes a member whose username Matrix would not, by their localpart, and knows them after a rename', async () => {
    const member = await network.member('Zoé Dupont', 'Zoé.Dupont');
    const matrix = matrixClient(network.synapse.origin);
    const signIn = async (username: string, knows: boolean) => {
      const page = await (await newVisitor(browser)).newPage();
      await matrix.openSso(page);
      await typePassword(page, username);
      return (await matrix.finishSso(page, { knows })).user_id;
    };
    expect(await signIn(member.username, false)).toBe('@zoe.dupont:lieu.example');
    const { hub, community } = network;
    await hub.database.transaction((tx) =>
      renameMember(tx, community.id, member.subject, 'Chloé', 'cli'),
    );
    await hub.app.settle();
    expect(await signIn('Chloé', true)).toBe('@zoe.dupont:lieu.example');
  });

  it('loses its device when the member signs out of the hub', async () => {
    const member = await network.member();
    const page = await (await newVisitor(browser)).newPage();
    const matrix = matrixClient(network.synapse.origin);
    await matrix.openSso(page);
    await typePassword(page, member.username);
    const device = await matrix.finishSso(page);
    expect((await matrix.whoami(device.access_token)).status).toBe(200);
    await page.goto(`${network.issuer}/oidc/session/end`);
    await page.click('#logout-confirm');
    await soon(async () => {
      const answer = await matrix.whoami(device.access_token);
      expect(answer).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
    });
  });
});
