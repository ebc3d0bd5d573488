import { describe, expect, it } from 'vitest';
import { visit } from './support/account-visits.ts';
import { buildCommunity, giveHosts } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.1/32' } });

const ask = (path: string, host?: string) =>
  fetch(hub.url + path, {
    redirect: 'manual',
    headers: host === undefined ? {} : { 'x-forwarded-host': host, 'x-forwarded-proto': 'https' },
  });

describe('what password managers look for', () => {
  it('leads to the page of the password at a community’s own host', async () => {
    await giveHosts(hub, await buildCommunity(hub.database), ['lieu.example']);
    const answer = await ask('/.well-known/change-password', 'lieu.example');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account/password']);
    const endpoints = await ask('/.well-known/passkey-endpoints', 'lieu.example');
    expect(await endpoints.json()).toEqual({
      enroll: 'https://lieu.example/account/passkeys',
      manage: 'https://lieu.example/account/passkeys',
    });
  });

  it('leads to the choice of a community at the hub’s', async () => {
    const community = await buildCommunity(hub.database, { listed: true });
    const { headers } = await ask('/.well-known/change-password');
    const page = await (await ask(headers.get('location') as string)).text();
    expect(page).toContain(`href="/c/${community.slug}/account/password"`);
    const { manage } = (await (await ask('/.well-known/passkey-endpoints')).json()) as {
      manage: string;
    };
    expect(await (await fetch(manage)).text()).toContain(
      `href="/c/${community.slug}/account/passkeys"`,
    );
  });

  it('is nothing below a community’s path', async () => {
    const { slug } = await buildCommunity(hub.database);
    expect((await ask(`/c/${slug}/.well-known/change-password`)).status).toBe(404);
  });

  it('is a field of text with the name, where a password is changed', async () => {
    const community = await buildCommunity(hub.database);
    const { browser, member } = await visit(hub, community);
    const page = await browser.open(`${hub.url}/c/${community.slug}/account/password`);
    const field = page.document.querySelector('#password-form input[autocomplete="username"]');
    expect(field?.getAttribute('type')).toBe('text');
    expect(field?.hasAttribute('hidden')).toBe(true);
    expect(field?.getAttribute('value')).toBe(member.username);
  });
});
