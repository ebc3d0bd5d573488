import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { useHub } from '../support/use-hub.ts';
import { asForm, type RawAnswer, sendRaw } from './raw-request.ts';

let log: Record<string, unknown>[] = [];
const hub = useHub({
  env: { LOG_LEVEL: 'info' },
  log: (line) => {
    log.push(JSON.parse(line));
  },
  member: {},
  service: {},
});
let base: string;

beforeAll(async () => {
  base = `/c/${hub.community.slug}`;
});
beforeEach(() => {
  log = [];
});

/** Everything that a refused request could have changed; visitors' empty sessions and requests aside. */
async function state() {
  const [row] = await hub.database.query(
    `SELECT (SELECT count(*)::int FROM sessions WHERE subject IS NOT NULL) AS sessions,
       (SELECT count(*)::int FROM oidc_artifacts WHERE kind <> 'Interaction') AS artifacts,
       (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM outbox WHERE kind <> 'mail') AS outbox,
       (SELECT count(*)::int FROM consents) AS consents, (SELECT count(*)::int FROM accounts) AS accounts`,
  );
  return row;
}

function post(
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return sendRaw(hub, base + path, {
    method: 'POST',
    body,
    headers: {
      authorization: hub.client.basic(),
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  });
}

const PROGRAMS = [
  '/oidc/token',
  '/oidc/token/introspection',
  '/oidc/token/revocation',
  '/oidc/request',
  '/oidc/device/auth',
];
const PAGES = ['/login', '/language', '/sign-out-everywhere', '/services/x/request'];

function expectOAuthError(path: string, answer: RawAnswer) {
  expect([path, answer.headers['content-type']]).toEqual([path, 'application/json; charset=utf-8']);
  expect(JSON.parse(answer.text)).toMatchObject({
    error: expect.stringMatching(/^invalid_|^unsupported_|^unauthorized_/),
  });
}

describe('a refusal', () => {
  it('is a page for people, an OAuth error for programs of the protocol, problem+json for others', async () => {
    for (const [path, status] of [
      ['/nowhere', 404],
      ['/login/x', 400],
      ['/oidc/auth?client_id=x', 400],
      ['/oidc/nowhere', 404],
    ] as const) {
      const page = await sendRaw(hub, base + path);
      expect([path, page.status, page.headers['content-type']]).toEqual([
        path,
        status,
        'text/html; charset=utf-8',
      ]);
      expect(page.text).toContain('<h1');
    }
    for (const path of PROGRAMS) {
      const answer = await post(path, '', { authorization: 'Basic bm9ib2R5Ong=', accept: '*/*' });
      expectOAuthError(path, answer);
    }
    for (const path of [`${base}/nowhere`, '/nowhere', '/c/nowhere', '/api/v1/nowhere']) {
      const answer = await sendRaw(hub, path, { headers: { accept: 'application/json' } });
      expect([path, answer.status, answer.headers['content-type']]).toEqual([
        path,
        404,
        'application/problem+json',
      ]);
      const type = path.startsWith('/api/')
        ? 'urn:problem-type:trousseau:not-found'
        : 'about:blank';
      expect(JSON.parse(answer.text)).toMatchObject({ type, status: 404 });
    }
  });

  it('is in the log with what an operator needs, and only there', async () => {
    await sendRaw(
      hub,
      new URL(hub.client.authorizationUrl({ client_id: 'nobody' })).pathname +
        new URL(hub.client.authorizationUrl({ client_id: 'nobody' })).search,
    );
    await post('/oidc/token', 'grant_type=authorization_code&code=x');
    await sendRaw(hub, `${base}/login/never-was`);
    await sendRaw(hub, '/', { headers: { host: 'evil.example' } });
    expect(log.map(({ endpoint, status }) => endpoint ?? status)).toEqual([
      'authorization',
      'token',
      400,
      421,
    ]);
    expect(JSON.stringify(log)).toContain('evil.example');
    for (const line of log)
      expect(line.stack ?? (line.err as { stack?: string })?.stack).toBeUndefined();
  });

  it('tells no stack, no statement and no file', async () => {
    for (const path of [
      '/nowhere',
      '/login/x',
      '/oidc/auth',
      '/oidc/auth/x',
      '/oidc/device?user_code=x',
      '/oidc/session/end?id_token_hint=x',
    ]) {
      const { text } = await sendRaw(hub, base + path);
      expect(text).not.toMatch(/node_modules|at \w+ \(|SELECT |\.ts:|Error:/);
    }
  });
});

describe('a body', () => {
  it.each([...PROGRAMS, ...PAGES])(
    'of ten megabytes sent to %s is refused, and changes nothing',
    async (path) => {
      const before = await state();
      const answer = await post(path, `state=${'x'.repeat(10_000_000)}`).catch(
        (error: NodeJS.ErrnoException) => error,
      );
      // A sender that does not stop for the answer may find the connection closed instead.
      if (answer instanceof Error) expect(answer.code).toMatch(/EPIPE|ECONNRESET/);
      // Who is not signed in is sent to do so before anything is read.
      else expect([303, 400, 413]).toContain(answer.status);
      expect(await state()).toEqual(before);
      expect((await sendRaw(hub, '/healthz')).status).toBe(200);
    },
  );

  it.each(PROGRAMS)('of another type sent to %s is an invalid request', async (path) => {
    for (const type of [
      'application/json',
      'multipart/form-data; boundary=x',
      'text/plain',
      'application/x-www-form-urlencoded; charset=utf-7',
      '',
    ]) {
      const answer = await post(path, '{"grant_type":"client_credentials"}', {
        'content-type': type,
      });
      expect([type, Math.floor(answer.status / 100)]).toEqual([type, 4]);
      expectOAuthError(path, answer);
    }
  });

  it('with a parameter twice is an invalid request, whichever of the two is right (RFC 6749 §3.2)', async () => {
    const code = (await hub.client.signIn(newBrowser(), hub.member.username)).get('code') as string;
    const right = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: hub.service.redirectUri,
      code_verifier: hub.client.verifier,
    });
    for (const name of right.keys()) {
      for (const body of [
        `${name}=x&${right}`,
        `${right}&${name}=x`,
        `${right}&${name}=${encodeURIComponent(right.get(name) as string)}`,
      ]) {
        const answer = await post('/oidc/token', body);
        expect([body, answer.status, JSON.parse(answer.text).error]).toEqual([
          body,
          400,
          'invalid_request',
        ]);
      }
    }
    // None of it used the code up.
    expect((await post('/oidc/token', right.toString())).status).toBe(200);
  });

  it('of thousands of fields is refused by our forms and by the protocol', async () => {
    const fields = Array.from({ length: 5_000 }, (_, i) => `f${i}=`).join('&');
    for (const path of ['/login', '/oidc/token']) {
      const answer = await post(path, fields);
      expect([path, [400, 413].includes(answer.status)]).toEqual([path, true]);
    }
  });
});

describe('client authentication', () => {
  it.each([
    ['no secret', {}, {}],
    [
      'a wrong secret',
      { authorization: () => `Basic ${btoa(`${hub.service.clientId}:wrong`)}` },
      {},
    ],
    ['an empty secret', { authorization: () => `Basic ${btoa(`${hub.service.clientId}:`)}` }, {}],
    ['no colon', { authorization: () => `Basic ${btoa(hub.service.clientId)}` }, {}],
    ['two ways at once', { authorization: () => hub.client.basic() }, { client_secret: 'x' }],
    ['another scheme', { authorization: () => `Bearer ${hub.service.clientSecret}` }, {}],
    [
      'the name of another client',
      { authorization: () => hub.client.basic() },
      { client_id: 'other' },
    ],
  ] as const)('with %s gives nothing', async (_name, headers, extra) => {
    const code = (await hub.client.signIn(newBrowser(), hub.member.username)).get('code') as string;
    const before = await state();
    const fields: Record<string, string> = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: hub.service.redirectUri,
      code_verifier: hub.client.verifier,
      client_id: hub.service.clientId,
    };
    Object.assign(fields, extra);
    const form = asForm(fields);
    const answer = await sendRaw(hub, `${base}/oidc/token`, {
      ...form,
      headers: {
        ...form.headers,
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value()])),
      },
    });
    expect([400, 401]).toContain(answer.status);
    expectOAuthError('/oidc/token', answer);
    expect(await state()).toEqual(before);
  });
});

function newBrowser(): Browser {
  return new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
}
