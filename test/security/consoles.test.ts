import { describe, expect, it } from 'vitest';
import { ensureSetupToken } from '../../src/domain/operators/create-operator.ts';
import { Browser, type Page } from '../support/browser.ts';
import type { TestHub } from '../support/hub.ts';
import { useHub } from '../support/use-hub.ts';
import { sendRaw } from './raw-request.ts';

const METRICS_TOKEN = 'a-token-for-the-numbers-of-the-hub';

const hub = useHub({ community: {} });
const proxied = useHub({
  env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8', TROUSSEAU_METRICS_TOKEN: METRICS_TOKEN },
});

const OPERATOR = { email: 'ops@hub.example', password: 'fifteen characters and more' };
const newToken = async () => (await hub.database.transaction(ensureSetupToken)) as string;
const setUp = async (browser: Browser, token: string, fields: Record<string, string> = OPERATOR) =>
  browser.submit(await browser.open(`${hub.url}/setup?token=${token}`), '#setup-form', fields);
const operators = () => hub.database.query<{ email: string }>('SELECT email FROM operators');

/** The set-up form, which a wrong token does not show, sent all the same. */
async function force(token: string): Promise<Page> {
  const browser = new Browser();
  const page = await browser.open(`${hub.url}/operator/login`);
  const csrf = page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
  return browser.open(`${hub.url}/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrf, token, ...OPERATOR }).toString(),
  });
}

describe('set-up', () => {
  it('opens with no token, no wrong one and no part of the right one', async () => {
    const token = await newToken();
    for (const wrong of [
      '',
      'x',
      token.slice(0, -1),
      `${token}x`,
      token.toUpperCase(),
      '%',
      '_'.repeat(43),
    ]) {
      const page = await new Browser().open(`${hub.url}/setup?token=${encodeURIComponent(wrong)}`);
      expect([wrong, page.status]).toEqual([wrong, 403]);
      expect([wrong, (await force(wrong)).status]).toEqual([wrong, 400]);
    }
    expect((await new Browser().open(`${hub.url}/setup`)).status).toBe(403);
    expect(
      (await new Browser().open(`${hub.url}/setup?token=${token}&token=${token}`)).status,
    ).toBe(403);
    expect(await operators()).toEqual([]);
  });

  it('makes no operator of a bad address, a short or a guessable password, and keeps the link open', async () => {
    const token = await newToken();
    for (const fields of [
      { ...OPERATOR, email: 'nobody' },
      { ...OPERATOR, password: 'fourteen chars' },
      { ...OPERATOR, password: 'x'.repeat(1025) },
      { ...OPERATOR, password: 'password password' },
    ]) {
      const page = await setUp(new Browser(), token, fields);
      expect(page.status).toBe(400);
      expect(page.text).not.toContain(fields.password);
    }
    expect(await operators()).toEqual([]);
  });

  it('makes one operator, however many send the form at once, and is closed for ever after', async () => {
    const [first, second] = [await newToken(), await newToken()];
    const pages = await Promise.all([
      setUp(new Browser(), first),
      setUp(new Browser(), first, { ...OPERATOR, email: 'thief@hub.example' }),
      setUp(new Browser(), second, { ...OPERATOR, email: 'other@hub.example' }),
    ]);
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    const made = await operators();
    expect(made).toHaveLength(1);
    for (const token of [first, second]) {
      expect((await new Browser().open(`${hub.url}/setup?token=${token}`)).status).toBe(403);
      expect((await force(token)).status).toBe(400);
    }
    expect(await newToken()).toBeUndefined();
    expect(await operators()).toEqual(made);
    await hub.database.query('UPDATE operators SET email = $1', [OPERATOR.email]);
  });
});

describe('the console', () => {
  const signIn = async (browser: Browser, fields: Record<string, string> = OPERATOR) =>
    browser.submit(await browser.open(`${hub.url}/operator/login`), '#login-form', fields);
  const isOpen = async (browser: Browser) =>
    (await browser.open(`${hub.url}/operator`)).document.querySelector('#operator-sign-out') !==
    null;
  const cookieOf = async (browser: Browser) =>
    (await browser.jar.getCookies(`${hub.url}/operator`)).find(
      ({ key }) => key === 'trousseau_operator',
    )?.value as string;

  it('opens to nobody without a session, with a made-up one, or with a member’s', async () => {
    expect(await isOpen(new Browser())).toBe(false);
    for (const value of ['', 'x', 'A'.repeat(43), "' OR 1=1 --"]) {
      const answer = await sendRaw(hub, '/operator', {
        headers: { cookie: `trousseau_operator=${value}` },
      });
      expect([value, answer.status, answer.headers.location]).toEqual([
        value,
        303,
        '/operator/login',
      ]);
    }
  });

  it('opens with the password, by a session that is new each time and ends with the sign-out', async () => {
    const browser = new Browser();
    await signIn(browser);
    expect(await isOpen(browser)).toBe(true);
    const first = await cookieOf(browser);
    await signIn(browser);
    const second = await cookieOf(browser);
    expect(second).not.toBe(first);
    const home = await browser.open(`${hub.url}/operator`);
    await browser.submit(home, 'form[action="/operator/logout"]');
    expect(await isOpen(browser)).toBe(false);
    // The cookie itself, kept by somebody, opens nothing any more.
    const kept = await sendRaw(hub, '/operator', {
      headers: { cookie: `trousseau_operator=${second}` },
    });
    expect(kept.status).toBe(303);
  });

  it('closes when the session’s time is past', async () => {
    const browser = new Browser();
    await signIn(browser);
    await hub.database.query(
      `UPDATE operator_sessions SET expires_at = now() - interval '1 second'`,
    );
    expect(await isOpen(browser)).toBe(false);
  });

  it('says the same of a wrong password and of nobody, and stops a guesser', async () => {
    const seen = async (fields: Record<string, string>) => {
      const page = await signIn(new Browser(), { ...OPERATOR, ...fields });
      return [
        page.status,
        page.document.querySelector('#fault')?.text,
        [...page.headers.keys()].sort(),
      ];
    };
    const wrong = await seen({ password: 'wrong' });
    expect(await seen({ email: 'nobody@hub.example' })).toEqual(wrong);
    expect(await seen({ email: 'ops@hub.example\u00ad' })).toEqual(wrong);
    for (const email of [OPERATOR.email, 'nobody@hub.example']) {
      let page = await signIn(new Browser(), { email, password: 'wrong' });
      for (let count = 0; count < 12 && page.status !== 429; count += 1)
        page = await signIn(new Browser(), { email, password: 'wrong' });
      expect([email, page.status]).toEqual([email, 429]);
      expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await signIn(new Browser())).status).toBe(429);
  });
});

describe('the numbers at /metrics', () => {
  const ask = (of: TestHub, headers: Record<string, string>) =>
    sendRaw(of, '/metrics', { headers });

  it('are given on this machine, and not through a proxy on it', async () => {
    expect((await ask(hub, { host: 'localhost:9090' })).status).toBe(200);
    for (const name of [
      'x-forwarded-for',
      'forwarded',
      'x-real-ip',
      'x-forwarded-host',
      'x-forwarded-proto',
      'via',
    ]) {
      expect([name, (await ask(hub, { [name]: '127.0.0.1' })).status]).toEqual([name, 404]);
    }
    expect((await ask(proxied, {})).status).toBe(404);
  });

  it('are given to whoever has the token, and to no other bearer', async () => {
    expect(
      (
        await ask(proxied, {
          authorization: `Bearer ${METRICS_TOKEN}`,
          'x-forwarded-for': '192.0.2.1',
        })
      ).status,
    ).toBe(200);
    for (const authorization of [
      'Bearer x',
      'Bearer ',
      `Basic ${METRICS_TOKEN}`,
      `Bearer ${METRICS_TOKEN}x`,
      METRICS_TOKEN,
    ]) {
      expect(
        (await ask(proxied, { authorization, 'x-forwarded-for': '192.0.2.1' })).status,
      ).not.toBe(200);
    }
    // Without a token configured no bearer opens it.
    expect(
      (await ask(hub, { authorization: 'Bearer undefined', 'x-forwarded-for': '192.0.2.1' }))
        .status,
    ).toBe(404);
  });

  it('name no community and no person', async () => {
    const { text } = await ask(hub, {});
    expect(text).not.toMatch(/lieu|ops@|hub\.example/);
  });
});

describe('what a load balancer asks', () => {
  it('is answered for any host, and says nothing else', async () => {
    for (const host of ['10.0.0.7:8080', 'evil.example', 'x']) {
      for (const path of ['/healthz', '/readyz']) {
        const answer = await sendRaw(hub, path, { headers: { host } });
        expect([path, answer.status]).toEqual([path, 200]);
        expect(answer.text.length).toBeLessThan(40);
      }
    }
  });
});
