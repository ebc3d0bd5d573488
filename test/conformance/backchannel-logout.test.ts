import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useHub } from '../support/use-hub.ts';
import { newBrowser } from './answers.ts';

// Back-Channel Logout OP: oidcc-backchannel-rp-initiated-logout, with the worker delivering.

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const AFTER = 'https://after.example/';

const hub = useHub({
  env: {
    TROUSSEAU_ROLES: 'web,worker',
    TROUSSEAU_PRIVATE_NETWORKS: '127.0.0.0/8',
  },
  community: {},
});
let address: string;
const received: { path: string; type: string; form: URLSearchParams }[] = [];
const server = createServer(async (req, res) => {
  const body = Buffer.concat(await req.toArray()).toString();
  received.push({
    path: req.url as string,
    type: req.headers['content-type'] as string,
    form: new URLSearchParams(body),
  });
  res.writeHead(200, { 'cache-control': 'no-store' }).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received.length = 0;
});

const newApp = (path: string, client = {}) =>
  hub.newClient({
    backchannelLogoutUri: address + path,
    postLogoutRedirectUris: [AFTER],
    ...client,
  });

async function arrived(count: number) {
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(count);
  return received;
}

describe.each(['RS256', 'ES256'])('with a client that takes %s', (alg) => {
  it('the logout token is posted alone, is signed, and names session and member', async () => {
    // As the suite wants it of the app that asks, too.
    const app = await newApp('/logout?app=1', {
      idTokenAlg: alg,
      backchannelLogoutToInitiator: true,
    });
    const member = await hub.newMember();
    const browser = newBrowser();
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    const idToken = await app.idToken(tokens);
    expect(idToken.sid).toEqual(expect.any(String));

    const question = await browser.open(
      `${app.issuer}/oidc/session/end?${new URLSearchParams({
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: AFTER,
        state: 'bye',
      })}`,
    );
    const back = await browser.submit(question, '#logout-form', {}, '#logout-confirm');
    expect(back.url).toBe(`${AFTER}?state=bye`);

    const [request] = await arrived(1);
    expect(request?.path).toBe('/logout?app=1');
    expect(request?.type).toMatch(/^application\/x-www-form-urlencoded/);
    expect([...(request?.form.keys() ?? [])]).toEqual(['logout_token']);
    const token = request?.form.get('logout_token') as string;
    const { payload } = await jwtVerify(
      token,
      createRemoteJWKSet(new URL(`${app.issuer}/oidc/jwks`)),
      { issuer: app.issuer, audience: app.service.clientId, typ: 'logout+jwt' },
    );
    expect(decodeProtectedHeader(token)).toMatchObject({ alg, kid: expect.any(String) });
    expect(payload).toEqual({
      iss: app.issuer,
      aud: app.service.clientId,
      sub: idToken.sub,
      sid: idToken.sid,
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
      events: { [EVENT]: {} },
    });
    expect(payload).not.toHaveProperty('nonce');
    const none = await browser.open(app.authorizationUrl({ prompt: 'none' }));
    expect(app.answer(none).get('error')).toBe('login_required');
  });
});

describe('a sign-out', () => {
  it('is told to each app that the member was signed in to, with its own session', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const apps = [await newApp('/one'), await newApp('/two')];
    const never = await newApp('/never');
    const sids: unknown[] = [];
    for (const app of apps) {
      const tokens = await app.tokens(await app.signIn(browser, member.username));
      sids.push((await app.idToken(tokens)).sid);
    }
    const question = await browser.open(`${never.issuer}/oidc/session/end`);
    await browser.submit(question, '#logout-form', {}, '#logout-confirm');
    const requests = await arrived(2);
    expect(requests.map(({ path }) => path).sort()).toEqual(['/one', '/two']);
    expect(new Set(sids).size).toBe(2);
  });

  it.each(['id_token_hint', 'client_id'])(
    'that an app asks for by %s is told to the others, and not to that app',
    async (by) => {
      const member = await hub.newMember();
      const browser = newBrowser();
      const [asking, other] = [await newApp('/asking'), await newApp('/other')];
      const tokens = await asking.tokens(await asking.signIn(browser, member.username));
      await other.tokens(await other.signIn(browser, member.username));
      const value = by === 'client_id' ? asking.service.clientId : tokens.id_token;
      const question = await browser.open(`${asking.issuer}/oidc/session/end?${by}=${value}`);
      await browser.submit(question, '#logout-form', {}, '#logout-confirm');
      await arrived(1);
      // Nothing else waits to be told.
      const [row] = await hub.database.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM outbox WHERE kind = 'backchannel-logout' AND done_at IS NULL
           AND payload ->> 'clientId' = $1`,
        [asking.service.clientId],
      );
      expect(row?.waiting).toBe(0);
      expect(received.map(({ path }) => path)).toEqual(['/other']);
    },
  );

  it('of one app only is told to nobody, and to that app if it wants to be', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const leave = async (app: Awaited<ReturnType<typeof newApp>>) => {
      const tokens = await app.tokens(await app.signIn(browser, member.username));
      const question = await browser.open(
        `${app.issuer}/oidc/session/end?id_token_hint=${tokens.id_token}`,
      );
      await browser.submit(question, '#logout-form', {}, '#logout-cancel');
    };
    const [left, told] = [
      await newApp('/left'),
      await newApp('/told', { backchannelLogoutToInitiator: true }),
    ];
    const kept = await newApp('/kept');
    await kept.tokens(await kept.signIn(browser, member.username));
    await leave(left);
    await leave(told);
    const [request] = await arrived(1);
    expect(request?.path).toBe('/told');
    expect(kept.isBack(await browser.open(kept.authorizationUrl()))).toBe(true);
  });

  it('from the member’s home is told to the apps of every device', async () => {
    const member = await hub.newMember();
    const app = await newApp('/everywhere');
    const [laptop, phone] = [newBrowser(), newBrowser()];
    await app.tokens(await app.signIn(laptop, member.username));
    await app.tokens(await app.signIn(phone, member.username));
    const home = await laptop.open(app.issuer);
    await laptop.submit(home, 'form[action$="/sign-out-everywhere"]');
    await arrived(2);
    const sids = new Set(received.map(({ form }) => sidOf(form.get('logout_token') as string)));
    expect(sids.size).toBe(2);
  });

  it('by another member’s sign-in is told to the apps of the first', async () => {
    const [first, second] = [await hub.newMember(), await hub.newMember()];
    const app = await newApp('/replaced');
    const browser = newBrowser();
    await app.tokens(await app.signIn(browser, first.username));
    const page = await browser.open(app.authorizationUrl({ prompt: 'login' }));
    const form = await browser.submit(page, '#login-form', {
      username: second.username,
      password: 'correct horse battery staple',
    });
    await browser.submit(form, '#submit-form');
    const [request] = await arrived(1);
    expect(subOf(request?.form.get('logout_token') as string)).toBe(first.subject);
  });
});

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
}
const sidOf = (token: string) => claimsOf(token).sid;
const subOf = (token: string) => claimsOf(token).sub;
