import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { PASSWORD } from '../support/factories.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';

// What somebody whom nobody knows can have the database keep.

const hub = useHub({
  env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' },
  community: { registration: 'open' },
  member: {},
  service: {},
});
let tv: RelyingParty;

beforeAll(async () => {
  tv = await hub.newClient({
    auth: 'none',
    grants: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  });
});

const from = (ip: string, more: Record<string, string> = {}) => ({
  'x-forwarded-for': ip,
  ...more,
});
const newBrowser = (ip: string) =>
  new Browser({
    stopAt: (url) => url.hostname.endsWith('.example'),
    headers: { accept: 'text/html', ...from(ip) },
  });

async function rows(kind: string): Promise<number> {
  const [row] = await hub.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM oidc_artifacts WHERE community_id = $1 AND kind = $2',
    [hub.community.id, kind],
  );
  return row?.count ?? 0;
}

/** Sends the same again and again, until it is refused. @returns how often it was answered, and the refusal */
async function untilRefused(send: () => Promise<Response>) {
  let answered = 0;
  let refusal: Response | undefined;
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      while (refusal === undefined && answered < 5_000) {
        const response = await send();
        if (response.status === 429) refusal = response;
        else {
          await response.arrayBuffer();
          answered += 1;
        }
      }
    }),
  );
  return { answered, refusal: refusal as Response | undefined };
}

const asStranger = (path: string, fields: Record<string, string>, headers = {}) =>
  fetch(`${tv.issuer}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ client_id: tv.service.clientId, ...fields }),
  });
const pushed = (of: RelyingParty, params = {}) =>
  Object.fromEntries(new URL(of.authorizationUrl(params)).searchParams);

describe('a network that has very much stored', () => {
  const ip = '192.0.2.1';
  const visit = (path: string) =>
    fetch(`${hub.issuer}${path}`, {
      redirect: 'manual',
      headers: from(ip, { accept: 'text/html' }),
    });
  let signedIn: Browser;
  let stored: number;
  let outcome: Awaited<ReturnType<typeof untilRefused>>;
  beforeAll(async () => {
    signedIn = newBrowser(ip);
    await hub.client.signIn(signedIn, hub.member.username);
    stored = await rows('Interaction');
    outcome = await untilRefused(() =>
      fetch(hub.client.authorizationUrl(), { redirect: 'manual', headers: from(ip) }),
    );
  }, 120_000);

  it('is told to wait, and what is refused is not stored', async () => {
    expect(outcome.refusal?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(outcome.answered).toBeLessThanOrEqual(1_200);
    expect((await rows('Interaction')) - stored).toBe(outcome.answered);
  });

  it('is told so by a page, where there is a person', async () => {
    const page = await newBrowser(ip).open(hub.client.authorizationUrl());
    expect(page.status).toBe(429);
    expect(page.text).toContain('Trop de demandes');
  });

  it('has nothing else stored that strangers may ask for, by whatever way', async () => {
    expect((await asStranger('/oidc/request', pushed(tv), from(ip))).status).toBe(429);
    const device = await asStranger('/oidc/device/auth', { scope: 'openid' }, from(ip));
    expect([device.status, await device.json()]).toEqual([
      429,
      { error: 'temporarily_unavailable' },
    ]);
    for (const path of ['/oidc/device', '/oidc/session/end', '/oidc/device/ANYTHING'])
      expect([path, (await visit(path)).status]).toEqual([path, 429]);
    expect([await rows('PushedAuthorizationRequest'), await rows('DeviceCode')]).toEqual([0, 0]);
  });

  it('keeps nobody from what they are signed in to, and no app from what it asks with its secret', async () => {
    expect((await hub.client.signIn(signedIn, hub.member.username)).get('code')).not.toBeNull();
    const headers = from(ip, { authorization: hub.client.basic() });
    expect((await hub.client.post('/oidc/request', pushed(hub.client), headers)).status).toBe(201);
  });

  it('holds up no other network', async () => {
    const elsewhere = newBrowser('198.51.100.7');
    expect((await hub.client.signIn(elsewhere, hub.member.username)).get('code')).not.toBeNull();
    expect((await asStranger('/oidc/device/auth', {}, from('198.51.100.7'))).status).toBe(200);
  });
});

describe('what is kept of an app’s request', () => {
  const kept = async () => {
    const [row] = await hub.database.query<{
      payload: { params: Record<string, string> };
      seconds: number;
    }>(
      `SELECT payload, extract(epoch FROM expires_at - now())::float8 AS seconds FROM oidc_artifacts
       WHERE community_id = $1 AND kind = 'Interaction' ORDER BY expires_at DESC LIMIT 1`,
      [hub.community.id],
    );
    return row;
  };
  const ask = (params: Record<string, string>, ip = '198.51.100.200') =>
    fetch(hub.client.authorizationUrl(params), { redirect: 'manual', headers: from(ip) });

  it('is as long as apps make it', async () => {
    const state = 's'.repeat(4_096);
    const browser = newBrowser('198.51.100.201');
    expect(
      (
        await hub.client.signIn(browser, hub.member.username, { state, nonce: 'n'.repeat(500) })
      ).get('state'),
    ).toBe(state);
  });

  it.each([
    ['state', 4_097],
    ['nonce', 1_025],
    ['login_hint', 513],
    ['ui_locales', 257],
  ])('is nothing when %s has %i characters: the app is told', async (name, length) => {
    const before = await rows('Interaction');
    const value = 'x'.repeat(length);
    const location = new URL((await ask({ [name]: value })).headers.get('location') as string);
    expect(location.origin + location.pathname).toBe(hub.service.redirectUri);
    expect(location.searchParams.get('error')).toBe('invalid_request');
    expect(await rows('Interaction')).toBe(before);
  });

  it('is nothing when all of it together is longer than any app’s', async () => {
    const long = {
      state: 's'.repeat(4_000),
      nonce: 'n'.repeat(1_000),
      claims: JSON.stringify({ userinfo: { x: { value: 'c'.repeat(1_900) } } }),
      acr_values: 'a'.repeat(500),
      ui_locales: 'u'.repeat(250),
      login_hint: 'h'.repeat(500),
    };
    const location = new URL((await ask(long)).headers.get('location') as string);
    expect(location.searchParams.get('error')).toBe('invalid_request');
  });

  it('is bounded where it is pushed, and where a device asks', async () => {
    const long = pushed(tv, { state: 's'.repeat(4_097) });
    expect((await asStranger('/oidc/request', long)).status).toBe(400);
    const device = { scope: 'openid', login_hint: 'h'.repeat(600) };
    expect((await asStranger('/oidc/device/auth', device)).status).toBe(400);
    const agent = { 'user-agent': 'a'.repeat(8_000) };
    expect((await asStranger('/oidc/device/auth', { scope: 'openid' }, agent)).status).toBe(200);
    const [row] = await hub.database.query<{ size: number }>(
      `SELECT max(length(payload::text))::int AS size FROM oidc_artifacts WHERE kind = 'DeviceCode'`,
    );
    expect(row?.size).toBeLessThan(2_000);
  });

  it('leaves out what no parameter of the protocol is', async () => {
    await ask({ state: 'mine', unheard_of: 'x'.repeat(5_000) });
    const [row] = await hub.database.query<{ found: boolean }>(
      `SELECT bool_or(payload::text LIKE '%unheard%') AS found FROM oidc_artifacts`,
    );
    expect(row?.found).toBe(false);
  });

  it('waits for twenty minutes, and for an hour once somebody is there who answers', async () => {
    const browser = newBrowser('198.51.100.202');
    await hub.database.query(`DELETE FROM oidc_artifacts WHERE kind = 'Interaction'`);
    const page = await browser.open(hub.client.authorizationUrl());
    const waits = async () => Math.round(((await kept())?.seconds ?? 0) / 60);
    expect(await waits()).toBe(20);
    // The browser keeps its note of the request for the whole hour.
    const again = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: 'wrong',
    });
    expect(again.status).toBe(400);
    expect(await waits()).toBe(60);
    const done = await browser.submit(again, '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    });
    expect(done.document.querySelector('#consent-form') !== null || hub.client.isBack(done)).toBe(
      true,
    );
  });
});
