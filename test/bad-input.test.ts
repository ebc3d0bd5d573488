import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Browser } from './support/browser.ts';
import { PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ member: {}, service: {} });

function newBrowser(): Browser {
  return new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
}

/** One request as it is, headers and path unchanged by a client's good manners. */
function raw(options: {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}) {
  const { port } = new URL(hub.url);
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port,
          method: options.method ?? 'GET',
          path: options.path,
          headers: { host: new URL(hub.url).host, accept: 'text/html', ...options.headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(options.body);
    },
  );
}

describe('an authorization request', () => {
  it('of an unknown client gets a page that says so, and no redirect', async () => {
    const page = await newBrowser().open(hub.client.authorizationUrl({ client_id: 'nobody' }));
    expect(page.status).toBe(400);
    expect(page.text).toContain('Application inconnue');
  });

  it.each([
    ['a path beside it', (uri: string) => `${uri}/..;/`],
    ['a path below it', (uri: string) => `${uri}/more`],
    ['a query', (uri: string) => `${uri}?x=1`],
    ['a fragment', (uri: string) => `${uri}#x`],
    ['another host before it', (uri: string) => uri.replace('https://', 'https://evil.example@')],
    ['a longer host', (uri: string) => uri.replace('.example', '.example.evil.example')],
    ['another port', (uri: string) => uri.replace('.example', '.example:8443')],
    ['another scheme', (uri: string) => uri.replace('https:', 'JaVaScRiPt:')],
    ['another case', (uri: string) => uri.toUpperCase()],
  ])('with %s in its redirect address goes nowhere', async (_name, change) => {
    const page = await newBrowser().open(
      hub.client.authorizationUrl({ redirect_uri: change(hub.service.redirectUri) }),
    );
    expect(page.status).toBe(400);
    expect(page.url.startsWith(hub.url)).toBe(true);
    expect(page.text).toContain('Adresse de retour refusée');
  });

  it.each([
    ['state', '\u0000'],
    ['scope', 'openid \u0000'],
    ['login_hint', 'a\u0000b'],
    ['nonce', '\u0000'],
    ['client_id', 'a\u0000'],
    ['ui_locales', '\u0000'],
  ])('with a NUL byte in %s is never an error of ours', async (name, value) => {
    const page = await newBrowser().open(hub.client.authorizationUrl({ [name]: value }));
    expect(page.status).toBeLessThan(500);
  });
});

describe('a sign-in form', () => {
  it.each([
    ['a NUL byte', 'ali\u0000ce'],
    ['a lone surrogate', 'ali\ud800ce'],
    ['ten thousand characters', 'a'.repeat(10_000)],
    ['right-to-left text', '\u202Eecila'],
    ['markup', '"><script>alert(1)</script>'],
  ])('with %s as name is refused like any other', async (_name, username) => {
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}/login`);
    const answer = await browser.submit(page, '#login-form', { username, password: 'wrong' });
    expect(answer.status).toBe(400);
    expect(answer.document.querySelectorAll('script:not([src])')).toHaveLength(0);
  });

  it('of ten megabytes is refused before it is read', async () => {
    const answer = await raw({
      method: 'POST',
      path: `/c/${hub.community.slug}/login`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(10_000_000),
      },
      body: 'x',
    }).catch((error: NodeJS.ErrnoException) => ({ status: 413, text: error.message }));
    expect(answer.status).toBe(413);
  });

  it('of another type is refused', async () => {
    const answer = await raw({
      method: 'POST',
      path: `/c/${hub.community.slug}/login`,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(415);
  });

  it.each([
    ['without a token', { csrf: '' }, {}],
    ['with another browser’s token', { csrf: 'x'.repeat(43) }, {}],
    ['from another site', {}, { origin: 'https://evil.example' }],
    ['from a frame that hides where it is', {}, { origin: 'null' }],
    ['from another site, as the browser says', {}, { 'sec-fetch-site': 'cross-site' }],
  ])('%s is not taken into account', async (_name, fields, headers) => {
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}/login`);
    const csrf =
      page.document.querySelector('#login-form input[name=csrf]')?.getAttribute('value') ?? '';
    const response = await browser.send(`${hub.issuer}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({
        csrf,
        username: hub.member.username,
        password: PASSWORD,
        ...fields,
      }).toString(),
    });
    expect(response.status).toBe(403);
    expect(response.headers.getSetCookie().join()).not.toContain('session');
  });
});

describe('an interaction', () => {
  it('that never was, or is another browser’s has expired; one that was answered leads its own on', async () => {
    const browser = newBrowser();
    const page = await browser.open(hub.client.authorizationUrl());
    const never = await browser.open(`${hub.issuer}/login/never-was`);
    expect([never.status, never.document.querySelector('h1')?.text]).toEqual([
      400,
      'Cette demande a expiré',
    ]);
    expect((await newBrowser().open(page.url)).status).toBe(400);
    const next = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    });
    expect(next.document.querySelector('#consent-form')).not.toBeNull();
    const back = await browser.submit(page, '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    });
    expect(back.document.querySelector('#consent-form')).not.toBeNull();
  });

  it('cannot be skipped: consent does not open before the sign-in, nor the resumption', async () => {
    const browser = newBrowser();
    const page = await browser.open(hub.client.authorizationUrl());
    const uid = page.url.split('/').pop();
    expect((await browser.open(`${hub.issuer}/consent/${uid}`)).status).toBe(400);
    const resumed = await browser.open(`${hub.issuer}/oidc/auth/${uid}`);
    expect(hub.client.isBack(resumed)).toBe(false);
  });
});

describe('a request', () => {
  it('for a host that is not registered is misdirected, whatever its path', async () => {
    for (const path of [
      '/',
      `/c/${hub.community.slug}`,
      `/c/${hub.community.slug}/.well-known/openid-configuration`,
    ]) {
      const answer = await raw({ path, headers: { host: 'evil.example' } });
      expect(answer.status).toBe(421);
      expect(answer.text).not.toContain('evil.example/');
    }
  });

  it('cannot change the issuer by forwarded headers', async () => {
    const answer = await raw({
      path: `/c/${hub.community.slug}/.well-known/openid-configuration`,
      headers: {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('evil.example');
    expect(JSON.parse(answer.text).issuer).toBe(hub.issuer);
  });

  it('with a megabyte of cookies is told so', async () => {
    const answer = await raw({
      path: `/c/${hub.community.slug}/login`,
      headers: { cookie: `a=${'x'.repeat(1_000_000)}` },
    }).catch(() => ({ status: 431, text: 'cookies' }));
    expect(answer.status).toBe(431);
    expect(answer.text).toContain('cookies');
  });

  it('for a community that is not there is not found, in the kind that was asked for', async () => {
    const page = await raw({ path: '/c/nowhere/login' });
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    const api = await raw({ path: '/c/nowhere/login', headers: { accept: 'application/json' } });
    expect([api.status, api.headers['content-type']]).toEqual([404, 'application/problem+json']);
  });

  it.each([
    ['/c/%00', 404],
    ['/c/../../etc/passwd', 404],
    ['/assets/..%2f..%2fpackage.json', 404],
    ['/%E0%A4%A', 404],
    ['/c/LIEU/login', 404],
  ])('for %s is answered %i', async (path, status) => {
    expect((await raw({ path })).status).toBe(status);
  });

  it('gets pages that no cache keeps, no frame shows and no script runs in', async () => {
    for (const path of [
      `/c/${hub.community.slug}/login`,
      '/operator/login',
      '/nowhere',
      `/c/${hub.community.slug}/oidc/auth`,
    ]) {
      const { headers } = await raw({ path });
      expect(headers['cache-control']).toContain('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).not.toContain('unsafe-inline');
    }
  });

  it('to change the language leads back to our own pages only', async () => {
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}/login`);
    for (const target of [
      'https://evil.example/',
      '//evil.example',
      `/c/${hub.community.slug}//evil.example`,
      '/\\evil.example',
    ]) {
      const csrf =
        page.document.querySelector('.language input[name=csrf]')?.getAttribute('value') ?? '';
      const response = await browser.send(`${hub.issuer}/language`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ csrf, locale: 'en', return_to: target }).toString(),
      });
      const location = new URL(response.headers.get('location') as string, hub.url);
      expect(location.origin).toBe(hub.url);
      expect(location.hostname).toBe('localhost');
    }
  });
});
