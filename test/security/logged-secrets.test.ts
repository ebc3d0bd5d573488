import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SITE } from '../../src/app-web.ts';
import { mintLink } from '../../src/domain/links/link-store.ts';
import { newToken } from '../../src/platform/secrets/token-hash.ts';
import { Browser } from '../support/browser.ts';
import { useHub } from '../support/use-hub.ts';
import { asForm, sendRaw } from './raw-request.ts';

// Whoever reads the log must not be able to open what somebody was sent a link to.

let log = '';
const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web', LOG_LEVEL: 'trace' },
  log: (lines) => {
    log += lines;
  },
  community: { slug: 'ici', registration: 'open' },
  neighbour: { slug: 'ailleurs' },
  member: {},
});
let visitor: Browser;

beforeAll(async () => {
  await hub.app.settle();
  visitor = new Browser();
  await visitor.open(`${hub.url}/c/ici/login`);
});
beforeEach(() => {
  log = '';
});

type Secret = { name: string; method: string; path: string; place: 'community' | 'hub' };

/** Every route that says that it has one; `@` stands where the secret is. */
const SECRETS: Secret[] = (['community', 'hub'] as const).flatMap((place) =>
  SITE[place].routes
    .filter(({ secret }) => secret.length > 0)
    .map(({ method, path, secret, query }) => {
      const inPath = path.replaceAll(/:(\w+)/g, (_, name: string) =>
        secret.includes(name) ? '@' : name === 'slug' ? 'ici' : 'x'.repeat(21),
      );
      const inQuery = secret.filter((name) => name in query.shape).map((name) => `${name}=@`);
      return {
        name: `${method} ${path}`,
        method,
        path: inQuery.length === 0 ? inPath : `${inPath}?${inQuery.join('&')}`,
        place,
      };
    }),
);

/** The address with a secret in it, at the hub or below a community. */
const at = ({ path, place }: Secret, secret: string, slug = 'ici') =>
  (place === 'hub' ? '' : `/c/${slug}`) + path.replaceAll('@', secret);

function expectUntold(secret: string): void {
  // None of it, however it is written: what is left of a token after a few letters is still much.
  for (const part of [secret, secret.slice(0, 20), secret.slice(-20), secret.toLowerCase()])
    expect(log).not.toContain(part);
  expect(log).not.toContain(Buffer.from(secret).toString('base64url'));
  expect(log).not.toContain(Buffer.from(secret).toString('hex'));
}

/** Sends it whatever becomes of it: a connection that ends is an answer, too. */
const send: typeof sendRaw = (...request) =>
  sendRaw(...request).catch((error) => ({ status: 0, headers: {}, text: String(error) }));

/** Bytes as they are, until the hub has had enough or this client goes away. */
async function sendBytes(bytes: string, { leaveAfterMs }: { leaveAfterMs?: number } = {}) {
  const socket = connect(hub.config.listen.port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  socket.write(bytes);
  if (leaveAfterMs !== undefined) {
    await delay(leaveAfterMs);
    socket.destroy();
  }
  await closed;
}

it('names of parameters that open something are declared as secret', () => {
  for (const { method, path, secret } of [...SITE.community.routes, ...SITE.hub.routes]) {
    const opens = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
    const missing = opens.filter(
      (name) => /token|secret|code/.test(name) && !secret.includes(name),
    );
    expect([method, path, missing]).toEqual([method, path, []]);
  }
  expect(new Set(SECRETS.map(({ path }) => path.split('/')[1]?.split('?')[0]))).toEqual(
    new Set([
      'account',
      'hand-off',
      'invitations',
      'join',
      'login',
      'recover',
      'register',
      'setup',
      'verify',
    ]),
  );
});

describe.each(SECRETS.map((secret) => [secret.name, secret] as const))(
  'the log of %s',
  (_, one) => {
    it('does not tell the secret, however the request fails', async () => {
      const secret = newToken();
      const path = at(one, secret);
      const cookie = await visitor.jar.getCookieString(`${hub.url}/c/ici/login`);
      const [before = '', query = ''] = path.split('?');
      const targets = [
        path,
        `${before}/${query && `?${query}`}`,
        `/${path}`,
        `${before}%0a`,
        `${before}%2e`,
        before.toUpperCase(),
        `${path}${query ? '&' : '?'}again=${secret}`,
        `${before}/${secret}`,
        `/${secret}`,
        `/c/${secret}`,
        `/c/nulle-part${before}`,
        at(one, secret, 'ailleurs'),
        `/oidc${before}`,
        `/assets/${secret}`,
        `http://localhost:${hub.config.listen.port}${path}`,
        secret,
      ];
      for (const target of targets)
        for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST'])
          await send(hub, target, { method });
      const fields = { csrf: secret, password: secret, token: secret, response: secret };
      const stale = asForm(fields);
      const headers: Record<string, string>[] = [
        {},
        { cookie },
        { cookie: `${cookie}; trousseau_pending=${secret}` },
        { origin: `https://evil.example${path}` },
        { origin: secret },
        { 'sec-fetch-site': secret },
        { referer: hub.url + path },
        { 'content-type': secret },
        { 'content-type': `multipart/form-data; boundary=${secret}` },
        { host: 'evil.example' },
        { accept: `application/json;q=${secret}` },
        { 'accept-language': secret },
        { 'content-length': '10000000' },
      ];
      for (const more of headers) {
        await send(hub, path, { ...stale, headers: { ...stale.headers, ...more } });
        await send(hub, path, { headers: more });
      }
      await send(hub, path, { ...stale, body: `password=${secret}${'x'.repeat(100_000)}` });
      await send(hub, path, { headers: { cookie: 'x'.repeat(20_000) } });
      expectUntold(secret);
      // All that was logged is known by its route.
      expect(log).toContain('"route":"');
      expect(log).not.toContain('"path"');
    });

    it('does not tell the secret of a request that breaks off, or is none', async () => {
      const secret = newToken();
      const path = at(one, secret);
      const head = `POST ${path} HTTP/1.1\r\nHost: localhost:${hub.config.listen.port}\r\n`;
      const form =
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n';
      await sendBytes(`${head}${form}password=${secret}`, { leaveAfterMs: 50 });
      await sendBytes(`GET ${path} HTTP/1.1\r\nHo`, { leaveAfterMs: 20 });
      await sendBytes(`GET ${path} HTTP/9.9\r\n\r\n`);
      await sendBytes(`${secret} ${path}\r\n\r\n`);
      await sendBytes(
        `GET ${path} HTTP/1.1\r\nHost: a\r\nHost: ${secret}\r\nBad Header: ${secret}\r\n\r\n`,
      );
      await sendBytes(`${head}Transfer-Encoding: chunked\r\n\r\nZZ${secret}\r\n`);
      expectUntold(secret);
    });
  },
);

describe('the log of the protocol', () => {
  it('tells no code, token, hint or device’s code', async () => {
    const secret = newToken();
    for (const target of [
      `/oidc/auth/${secret}`,
      `/oidc/auth?client_id=x&state=${secret}&nonce=${secret}&login_hint=${secret}&request=${secret}`,
      `/oidc/device/${secret}`,
      `/oidc/device?user_code=${secret}`,
      `/oidc/session/end?id_token_hint=${secret}&state=${secret}`,
      `/oidc/token?code=${secret}`,
      `/oidc/me?access_token=${secret}`,
      `/oidc/${secret}`,
      `/.well-known/${secret}`,
    ]) {
      for (const method of ['GET', 'HEAD', 'PUT', 'POST'])
        await send(hub, `/c/ici${target}`, { method });
    }
    const fields = { code: secret, refresh_token: secret, token: secret, user_code: secret };
    for (const path of [
      'token',
      'token/introspection',
      'token/revocation',
      'me',
      'device',
      'request',
    ])
      for (const grant_type of ['authorization_code', 'refresh_token'])
        await send(hub, `/c/ici/oidc/${path}`, {
          ...asForm({ ...fields, grant_type, client_id: 'x', client_secret: secret }),
        });
    await send(hub, '/c/ici/oidc/me', { headers: { authorization: `Bearer ${secret}` } });
    expectUntold(secret);
  });
});

describe('a link that is alive', () => {
  it('is not in the log after a stale form was posted to it, and opens still', async () => {
    const token = await mintLink(hub.database, hub.community.id, {
      kind: 'recovery',
      subject: hub.member.subject,
      email: hub.member.email,
      hours: 1,
    });
    const path = `/c/ici/recover/${token}`;
    const stale = asForm({ csrf: 'of-yesterday', password: 'a password of yesterday' });
    expect((await sendRaw(hub, path, stale)).status).toBe(403);
    expect(log).toContain('"route":"/recover/:token"');
    expect(log).toContain('"tenant":"ici"');
    expectUntold(token);
    expect((await sendRaw(hub, path)).status).toBe(200);
  });

  it('is told to no other request by the browser', async () => {
    const told = '<meta name="referrer" content="strict-origin">';
    for (const path of [`/c/ici/recover/${newToken()}`, `/c/ici/recover/${newToken()}/`])
      expect((await sendRaw(hub, path)).text).toContain(told);
    expect((await sendRaw(hub, '/c/ici/login')).text).not.toContain('name="referrer"');
  });
});

describe('the metrics', () => {
  it('count by kinds of route, and name no address', async () => {
    const secret = newToken();
    await send(hub, `/c/ici/recover/${secret}`);
    await send(hub, `/${secret}`);
    const { status, text } = await sendRaw(hub, '/metrics');
    expect(status).toBe(200);
    expect(text).toContain('trousseau_http_request_seconds');
    expect(text).not.toContain(secret);
    expect(text).not.toContain(hub.neighbour.slug);
  });
});

describe('while the database is away', () => {
  it('the log tells that, and of no link what it is', async () => {
    const page = await visitor.open(`${hub.url}/c/ici/login`);
    const csrf = page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
    const cookie = await visitor.jar.getCookieString(`${hub.url}/c/ici/login`);
    const twin = await hub.sibling();
    await twin.database.close();
    const { host } = new URL(hub.url);
    for (const one of SECRETS) {
      const secret = newToken();
      const form = asForm({ csrf, password: secret, token: secret, response: secret });
      const sent = one.method === 'POST' ? form : { headers: {} };
      await send(twin, at(one, secret), { ...sent, headers: { ...sent.headers, cookie, host } });
      expectUntold(secret);
    }
    expect(log).toContain('"level":50');
    await twin.app.stop();
  });
});
