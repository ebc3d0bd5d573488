import { describe, expect, it } from 'vitest';
import { ProxiedBrowser } from './security/proxied-browser.ts';
import { Authenticator } from './support/authenticator.ts';
import { buildElsewhere } from './support/belongings.ts';
import type { Page } from './support/browser.ts';
import { csrfOf, enrol, post, question, typePassword } from './support/passkey-visits.ts';
import { useHub } from './support/use-hub.ts';

const HUB = 'https://hub.example';
const HOST = 'https://login.lamyne.example';
const SECOND_HOST = 'https://compte.lamyne.example';
const NEIGHBOUR_HOST = 'https://login.voisin.example';

const hostOf = (url: string) => new URL(url).host;

const hub = useHub({
  env: { TROUSSEAU_URL: HUB, TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' },
  community: { slug: 'lamyne', hosts: [HOST, SECOND_HOST].map(hostOf) },
  neighbour: { slug: 'voisin', hosts: [hostOf(NEIGHBOUR_HOST)] },
});
const atHub = `${HUB}/c/lamyne`;

async function memberWithPasskey(issuer: string) {
  const member = await hub.newMember();
  const authenticator = new Authenticator(new URL(issuer).origin);
  await enrol(issuer, member.username, authenticator, new ProxiedBrowser(hub));
  return { member, authenticator };
}

async function afterPassword(username: string, issuer = atHub) {
  const browser = new ProxiedBrowser(hub);
  const page = await typePassword(browser, issuer, username);
  return { browser, page };
}

const origins = async (url: string) => {
  const response = await new ProxiedBrowser(hub).send(`${url}/.well-known/webauthn`);
  expect(response.headers.get('content-type')).toContain('application/json');
  return ((await response.json()) as { origins: string[] }).origins;
};

describe('related origins', () => {
  it('of the hub are the hub’s and those of every community', async () => {
    expect(await origins(HUB)).toEqual([HUB, HOST, SECOND_HOST, NEIGHBOUR_HOST]);
  });

  it('of a community’s host are its own and the hub’s', async () => {
    expect(await origins(HOST)).toEqual([HOST, SECOND_HOST, HUB]);
    expect(await origins(NEIGHBOUR_HOST)).toEqual([NEIGHBOUR_HOST, HUB]);
  });
});

describe('a passkey', () => {
  it('belongs to the host where it was made, and its handle is another at each', async () => {
    const member = await hub.newMember();
    const made = [];
    for (const issuer of [atHub, HOST]) {
      const browser = new ProxiedBrowser(hub);
      await typePassword(browser, issuer, member.username);
      const page = await browser.open(`${issuer}/account/passkeys`);
      made.push((await question(browser, page)).options);
    }
    expect(made.map(({ rp }) => rp.id)).toEqual(['hub.example', 'login.lamyne.example']);
    expect(made[0]?.user.id).not.toBe(made[1]?.user.id);
    expect(made.map(({ user }) => user.id).join()).not.toContain(member.personId);
  });

  it('is asked for by the name of another address of the community, and of no other', async () => {
    const browser = new ProxiedBrowser(hub);
    const page = await browser.open(`${HOST}/login`);
    const { options, elsewhere } = await question(browser, page, { rp: 'hub.example' });
    expect(options.rpId).toBe('hub.example');
    expect(elsewhere.map(({ url }) => url)).toEqual([`${atHub}/login`, `${SECOND_HOST}/login`]);
    for (const rp of ['login.voisin.example', 'example', 'evil.example']) {
      const url = `${HOST}/login/passkey/options`;
      const answer = await post(browser, url, { csrf: csrfOf(page), rp });
      expect(answer.status).toBe(400);
    }
  });

  it('is taken only from the page that it was asked for', async () => {
    const { authenticator } = await memberWithPasskey(atHub);
    const browser = new ProxiedBrowser(hub);
    const page = await browser.open(`${HOST}/login`);
    const { options } = await question(browser, page, { rp: 'hub.example' });
    const send = (response: string) =>
      post(browser, `${HOST}/login/passkey`, { csrf: csrfOf(page), response });
    for (const origin of [HUB, SECOND_HOST, NEIGHBOUR_HOST])
      expect((await send(authenticator.signIn(options, { origin }))).status).toBe(400);
    expect((await send(authenticator.signIn(options, { origin: HOST }))).status).toBe(303);
  });

  it('of another community’s host is not spoken of, and the page says that none works here', async () => {
    const member = await hub.newMember();
    await buildElsewhere(hub.database, hub.neighbour.id, member, { username: 'voisine' });
    const made = new Authenticator(NEIGHBOUR_HOST);
    await enrol(NEIGHBOUR_HOST, 'voisine', made, new ProxiedBrowser(hub));
    const { page } = await afterPassword(member.username);
    expect(page.document.getElementById('passkey-nowhere')).not.toBeNull();
    expect(page.text).not.toContain('voisin');
  });
});

describe('a sign-in that goes on at another address', () => {
  /** Types the password at the hub, and asks for the link to the community's host. */
  async function leave(username: string) {
    const { browser, page } = await afterPassword(username);
    const path = page.document.querySelector('#passkey-elsewhere-0 a')?.getAttribute('href');
    const answer = await browser.send(new URL(path as string, page.url).href);
    const link = answer.headers.get('location') as string;
    expect(link).toMatch(/^https:\/\/login\.lamyne\.example\/hand-off\/[\w-]{43}$/);
    return { browser, link };
  }
  async function prove(browser: ProxiedBrowser, link: string, authenticator: Authenticator) {
    const page: Page = await browser.open(link);
    const { options } = await question(browser, page);
    const response = authenticator.signIn(options);
    return post(browser, link, { csrf: csrfOf(page), response });
  }
  const isSignedIn = async (browser: ProxiedBrowser) =>
    !(await browser.open(`${atHub}/account`)).url.includes('/login');

  it('comes back with a code, once', async () => {
    const { member, authenticator } = await memberWithPasskey(HOST);
    const { browser, link } = await leave(member.username);
    const answer = await prove(browser, link, authenticator);
    const back = answer.headers.get('location') as string;
    expect(back).toMatch(/^https:\/\/hub\.example\/c\/lamyne\/login\/second-factor\/return\?code=/);
    expect((await browser.open(link)).status).toBe(400);
    expect((await browser.send(back)).status).toBe(303);
    expect(await isSignedIn(browser)).toBe(true);
    expect((await new ProxiedBrowser(hub).send(back)).status).toBe(400);
  });

  it('gives nothing to whoever sends the link to the member', async () => {
    const { member, authenticator } = await memberWithPasskey(HOST);
    const attacker = await leave(member.username);
    const returning = `${atHub}/login/second-factor/return`;
    const token = attacker.link.split('/').pop() as string;
    expect((await attacker.browser.open(`${returning}?code=${token}`)).status).toBe(400);
    const victim = new ProxiedBrowser(hub);
    const page = await victim.open(attacker.link);
    expect(page.text).toContain('Si quelqu’un vous a envoyé ce lien, fermez cette page.');
    const back = (await prove(victim, attacker.link, authenticator)).headers.get('location');
    expect((await victim.open(back as string)).status).toBe(400);
    for (const code of ['', token, 'null', 'a'.repeat(43)]) {
      expect((await attacker.browser.open(`${returning}?code=${code}`)).status).toBe(400);
    }
    expect(await isSignedIn(attacker.browser)).toBe(false);
    expect(await isSignedIn(victim)).toBe(false);
  });

  it('takes no passkey of somebody else, and none of another address', async () => {
    const { member } = await memberWithPasskey(HOST);
    const stranger = await memberWithPasskey(HOST);
    const { browser, link } = await leave(member.username);
    expect((await prove(browser, link, stranger.authenticator)).status).toBe(400);
    expect((await browser.open(link.replace(HOST, SECOND_HOST))).status).toBe(200);
    expect((await browser.open(link.replace(HOST, NEIGHBOUR_HOST))).status).toBe(400);
  });

  it('ends when a new link is asked for, and when its time is over', async () => {
    const { member, authenticator } = await memberWithPasskey(HOST);
    const { browser, link } = await leave(member.username);
    const again = await browser.send(
      `${atHub}/login/second-factor/elsewhere?at=login.lamyne.example`,
    );
    expect((await browser.open(link)).status).toBe(400);
    const fresh = again.headers.get('location') as string;
    const answer = await prove(browser, fresh, authenticator);
    await hub.database.query(
      `UPDATE pending_sign_ins SET expires_at = now() - interval '1 second'`,
    );
    expect((await browser.open(answer.headers.get('location') as string)).status).toBe(400);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('does not count once the password was changed', async () => {
    const { member, authenticator } = await memberWithPasskey(HOST);
    const { browser, link } = await leave(member.username);
    const answer = await prove(browser, link, authenticator);
    await hub.database.query(`UPDATE persons SET password_hash = 'another' WHERE id = $1`, [
      member.personId,
    ]);
    expect((await browser.open(answer.headers.get('location') as string)).status).toBe(400);
    expect(await isSignedIn(browser)).toBe(false);
  });
});
