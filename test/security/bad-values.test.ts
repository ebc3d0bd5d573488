import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import type { Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { asForm, sendRaw } from './raw-request.ts';

const GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
];

let faults: string[] = [];
const hub = useHub({
  env: { LOG_LEVEL: 'error' },
  log: (line) => faults.push(line),
  member: {},
  client: { grants: GRANTS },
});
let tokens: Tokens;

beforeAll(async () => {
  tokens = await hub.client.tokens(await hub.client.signIn(newBrowser(), hub.member.username));
});

const newBrowser = () => new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });

/** Percent-encoded, as they would come: what text columns, JSON, URLs and templates dislike. */
const HOSTILE: Record<string, string> = {
  'a NUL byte': 'a%00b',
  'bytes that are no UTF-8': 'a%FF%FEb',
  'half a surrogate pair': 'a%ED%A0%80b',
  'a broken percent sign': 'a%b%',
  'a line break': 'a%0D%0ASet-Cookie:%20x=y',
  'an escaped NUL': 'a%5Cu0000b',
  'an escaped half pair': 'a%5Cud800b',
  'a quote and a bracket': '%27%22%3E%3Cscript%3Ealert(1)%3C/script%3E',
  'a mustache': '%7B%7B%7Bchrome%7D%7D%7D',
  'the name of a prototype': '__proto__',
  'eight thousand characters': 'a'.repeat(8_000),
};
const cases = Object.entries(HOSTILE);

/** Neither the answer nor the log may speak of a fault of ours. */
function expectRefusedOrServed(where: string, answer: { status: number; text: string }) {
  expect([where, answer.status, faults]).toEqual([where, expect.any(Number), []]);
  expect([where, answer.status]).not.toEqual([where, 500]);
  expect([where, answer.status]).not.toEqual([where, 503]);
  expect(answer.text).not.toContain('<script>alert');
}

/** The query of a good authorization request, one parameter of which is replaced as it is. */
function queryWith(name: string, encoded: string): string {
  const query = new URL(hub.client.authorizationUrl({ [name]: undefined })).search;
  return `/c/${hub.community.slug}/oidc/auth${query}&${name}=${encoded}`;
}

describe.each(cases)('%s', (_name, encoded) => {
  it.each([
    'client_id',
    'redirect_uri',
    'response_type',
    'response_mode',
    'scope',
    'state',
    'nonce',
    'prompt',
    'max_age',
    'login_hint',
    'id_token_hint',
    'ui_locales',
    'acr_values',
    'claims',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
    'resource',
    'unknown',
    encoded,
  ])('as %s of an authorization request is answered as bad input or not minded', async (name) => {
    faults = [];
    const answer = await sendRaw(hub, queryWith(name, encoded));
    expectRefusedOrServed(name, answer);
    expect([200, 303, 400]).toContain(answer.status);
    if (answer.status === 303) {
      expect(answer.headers.location).toMatch(
        new RegExp(`^(${hub.url}/|/c/|https://${hub.service.slug}\\.example/callback\\?)`),
      );
    }
  });

  it('in the claims that are asked for is refused or not minded', async () => {
    faults = [];
    const claims = encodeURIComponent(`{"userinfo":{"${decodeURIComponent('x')}":null,`) + encoded;
    for (const value of [
      `${claims}":null}}`,
      encodeURIComponent(
        '{"userinfo":{"a\\ud800":null,"a\\u0000":null,"__proto__":null},"id_token":null}',
      ),
      encodeURIComponent(
        '{"id_token":{"acr":{"values":["\\u0000","\\ud800"]},"sub":{"value":"\\u0000"}}}',
      ),
      encodeURIComponent('[]'),
      encodeURIComponent('null'),
      encodeURIComponent('{"userinfo":[]}'),
    ]) {
      const start = await sendRaw(hub, queryWith('claims', value));
      expectRefusedOrServed('claims', start);
      const browser = newBrowser();
      const page = await browser.open(`${hub.url}${queryWith('claims', value)}`);
      if (page.document.querySelector('#login-form') === null) continue;
      const after = await browser.submit(page, '#login-form', {
        username: hub.member.username,
        password: 'correct horse battery staple',
      });
      expectRefusedOrServed('after the sign-in', after);
    }
  });

  it('is answered with an OAuth error at the endpoints for programs', async () => {
    faults = [];
    const fields: [string, string][] = [
      ['/oidc/token', `grant_type=authorization_code&code=${encoded}&redirect_uri=${encoded}`],
      ['/oidc/token', `grant_type=refresh_token&refresh_token=${encoded}`],
      [
        '/oidc/token',
        `grant_type=refresh_token&refresh_token=${tokens.refresh_token}&scope=${encoded}`,
      ],
      ['/oidc/token', `grant_type=client_credentials&scope=${encoded}`],
      ['/oidc/token', `grant_type=${GRANTS[3]}&device_code=${encoded}`],
      ['/oidc/token', `grant_type=${encoded}`],
      ['/oidc/token/introspection', `token=${encoded}&token_type_hint=${encoded}`],
      ['/oidc/token/revocation', `token=${encoded}&token_type_hint=${encoded}`],
      ['/oidc/request', `response_type=code&scope=openid&state=${encoded}&login_hint=${encoded}`],
      ['/oidc/request', `response_type=code&scope=${encoded}&redirect_uri=${encoded}`],
      ['/oidc/device/auth', `scope=openid&state=${encoded}&login_hint=${encoded}&nonce=${encoded}`],
      ['/oidc/device/auth', `scope=${encoded}&claims=${encoded}`],
    ];
    for (const [path, body] of fields) {
      for (const authorization of [
        hub.client.basic(),
        `Basic ${Buffer.from(`${decodeLoosely(encoded)}:x`).toString('base64')}`,
      ]) {
        const form = asForm(body);
        const answer = await sendRaw(hub, `/c/${hub.community.slug}${path}`, {
          ...form,
          headers: { ...form.headers, authorization, accept: 'application/json' },
        });
        expectRefusedOrServed(`${path} ${body.slice(0, 60)}`, answer);
        if (answer.status >= 400) expect(JSON.parse(answer.text).error).toMatch(/^\w+$/);
      }
    }
  });

  it('is no more than a wrong name, code or choice in the forms of ours', async () => {
    faults = [];
    const browser = newBrowser();
    const { csrf, cookie } = await openForm(browser, `${hub.issuer}/login`);
    for (const [path, body] of [
      ['/login', `username=${encoded}&password=x`],
      ['/login', `username=x${encoded.slice(0, 20)}&password=${encoded}`],
      ['/language', `locale=${encoded}&return_to=${encoded}`],
      [`/services/${encoded.slice(0, 100)}/request`, ''],
      [`/login/${encoded.slice(0, 100)}`, 'username=x&password=x'],
    ] as const) {
      const form = asForm(`csrf=${csrf}&${body}`);
      const answer = await sendRaw(hub, `/c/${hub.community.slug}${path}`, {
        ...form,
        headers: { ...form.headers, cookie },
      });
      expectRefusedOrServed(path, answer);
      expect([303, 400, 404]).toContain(answer.status);
    }
    const operator = newBrowser();
    const hubForm = await openForm(operator, `${hub.url}/operator/login`);
    for (const [path, body] of [
      ['/operator/login', `email=${encoded}&password=${encoded}`],
      ['/setup', `token=${encoded}&email=${encoded}&password=${encoded}`],
    ] as const) {
      const form = asForm(`csrf=${hubForm.csrf}&${body}`);
      const answer = await sendRaw(hub, path, {
        ...form,
        headers: { ...form.headers, cookie: hubForm.cookie },
      });
      expectRefusedOrServed(path, answer);
      expect(answer.status).toBe(400);
    }
  });

  it('finds nothing as a path, a cookie, a bearer token, an agent or a language', async () => {
    faults = [];
    const short = encoded.slice(0, 200);
    for (const path of [
      `/${short}`,
      `/c/${short}`,
      `/c/${hub.community.slug}/${short}`,
      `/c/${hub.community.slug}/oidc/auth/${short}`,
      `/c/${hub.community.slug}/consent/${short}`,
      `/assets/${short}`,
      `/setup?token=${short}`,
      `/c/${hub.community.slug}/oidc/device?user_code=${short}`,
      `/c/${hub.community.slug}/oidc/session/end?id_token_hint=${short}&client_id=${short}&post_logout_redirect_uri=${short}&state=${short}`,
    ]) {
      const answer = await sendRaw(hub, path);
      expectRefusedOrServed(path, answer);
    }
    const names = ['session', 'session.sig', 'interaction', 'resume'].map(
      (name) => `trousseau_${hub.community.slug}_${name}`,
    );
    const cookie = [
      ...names,
      'trousseau_csrf',
      'trousseau_device',
      'trousseau_locale',
      'trousseau_operator',
    ]
      .map((name) => `${name}=${short}`)
      .join('; ');
    const headers = {
      cookie,
      authorization: `Bearer ${short}`,
      'user-agent': decodeLatin(encoded),
      'accept-language': short,
    };
    for (const path of [
      `/c/${hub.community.slug}`,
      `/c/${hub.community.slug}/oidc/auth?client_id=${hub.service.clientId}`,
      `/c/${hub.community.slug}/oidc/me`,
      `/c/${hub.community.slug}/oidc/device`,
      '/operator',
      `/c/${hub.community.slug}/login/x`,
    ]) {
      expectRefusedOrServed(path, await sendRaw(hub, path, { headers }));
    }
  });
});

/** The raw bytes that a hostile value stands for, kept by Latin-1 as Basic credentials would be. */
function decodeLoosely(encoded: string): string {
  return encoded
    .replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .slice(0, 500);
}

/** Those of them that a header may hold at all. */
function decodeLatin(encoded: string): string {
  return decodeLoosely(encoded).replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

async function openForm(browser: Browser, url: string) {
  const page = await browser.open(url);
  return {
    csrf: page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string,
    cookie: await browser.jar.getCookieString(url),
  };
}
