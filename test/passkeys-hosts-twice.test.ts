import { beforeAll, describe, expect, it } from 'vitest';
import { ProxiedBrowser } from './security/proxied-browser.ts';
import { Authenticator } from './support/authenticator.ts';
import { giveHosts, PASSWORD } from './support/factories.ts';
import { csrfOf, enrol, isSignedIn, post, question, signInsOf } from './support/passkey-visits.ts';
import { useHub } from './support/use-hub.ts';

// A passkey of the community's own host, for a sign-in that began at the hub's address.

const HUB = 'https://hub.example';
const HOST = 'https://login.lamyne.example';

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web', TROUSSEAU_URL: HUB, TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' },
  community: { slug: 'lamyne' },
  client: {},
});
beforeAll(() => giveHosts(hub, hub.community, [new URL(HOST).host]));

/** Someone at the host with the answer to their passkey's question; the sign-in began at this address. */
async function atHost(begin = `${hub.issuer}/login`) {
  const { username, subject } = await hub.newMember();
  const authenticator = new Authenticator(HOST);
  await enrol(HOST, username, authenticator, new ProxiedBrowser(hub));
  const browser = new ProxiedBrowser(hub);
  const login = await browser.open(begin);
  const page = await browser.submit(login, '#login-form', { username, password: PASSWORD });
  const way = page.document.querySelector('#passkey-elsewhere-0 a')?.getAttribute('href');
  const asked = await browser.open(new URL(way as string, page.url).href);
  const { options } = await question(browser, asked);
  const fields = { csrf: csrfOf(asked), response: authenticator.signIn(options) };
  const send = (change = {}, by = browser) => post(by, asked.url, { ...fields, ...change });
  return { subject, browser, link: asked.url, options, authenticator, send };
}

const backOf = (answer: Response) => answer.headers.get('location') as string;
const isIn = (browser: ProxiedBrowser) => isSignedIn(hub.issuer, browser);
const rows = (subject: string) => signInsOf(hub.database, subject);

async function forgetSession(browser: ProxiedBrowser) {
  for (const { key, path } of await browser.jar.getCookies(hub.issuer))
    if (key.includes('session'))
      await browser.jar.store.removeCookie('hub.example', path as string, key);
}

describe("a passkey's answer at another address, sent twice", () => {
  it('leads back by one code, at once and again', async () => {
    const { subject, browser, send } = await atHost();
    const before = (await rows(subject)) as { sessions: number };
    const answers = [...(await Promise.all([send(), send(), send()])), await send()];
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
    const [back, ...others] = new Set(answers.map(backOf));
    expect(back).toMatch(/^https:\/\/hub\.example\/c\/lamyne\/login\/second-factor\/return\?code=/);
    expect(others).toEqual([]);
    await browser.open(back as string);
    expect(await isIn(browser)).toBe(true);
    // One at the host, where the passkey was made; one here.
    expect(await rows(subject)).toEqual({ sessions: before.sessions + 1, events: 2 });
  });

  it('leads no other browser, and by no other answer', async () => {
    const { browser, link, options, authenticator, send } = await atHost();
    await send();
    const thief = new ProxiedBrowser(hub);
    const csrf = csrfOf(await thief.open(`${HOST}/login`));
    expect((await send({ csrf }, thief)).status).toBe(400);
    expect((await send({ response: authenticator.signIn(options) })).status).toBe(400);
    expect((await send({ response: '' })).status).toBe(400);
    expect((await browser.open(link)).status).toBe(400);
  });
});

describe('the way back by the code, taken twice', () => {
  it('leads into the session that the first opened, whose answer was lost', async () => {
    const { subject, browser, send } = await atHost();
    const back = backOf(await send());
    await Promise.all([browser.send(back), browser.send(back)]);
    const before = await rows(subject);
    await forgetSession(browser);
    expect(await isIn(browser)).toBe(false);
    const again = await browser.send(back);
    expect([again.status, backOf(again)]).toEqual([303, '/c/lamyne/']);
    expect(await isIn(browser)).toBe(true);
    expect(await rows(subject)).toEqual(before);
  });

  it('goes on to the app that asked', async () => {
    const { browser, send } = await atHost(hub.client.authorizationUrl());
    const back = backOf(await send());
    const led = [await browser.send(back), await browser.send(back)].map(backOf);
    expect(new Set(led).size).toBe(1);
    const page = await browser.open(new URL(led[0] as string, HUB).href);
    expect(page.document.querySelector('#consent-form')).not.toBeNull();
  });

  it('is none by another code, nor for another browser', async () => {
    for (const begin of [undefined, hub.client.authorizationUrl()]) {
      const { browser, send } = await atHost(begin);
      const back = backOf(await send());
      expect((await browser.send(back)).status).toBe(303);
      await forgetSession(browser);
      for (const wrong of [back.replace(/.$/, '-'), back.replace(/code=.*/, ''), `${back}&code=x`])
        expect((await browser.send(wrong)).status).toBe(400);
      expect((await new ProxiedBrowser(hub).send(back)).status).toBe(400);
      expect(await isIn(browser)).toBe(false);
    }
  });
});
