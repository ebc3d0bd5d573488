import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useHub } from '../support/use-hub.ts';
import { type RawAnswer, sendRaw } from './raw-request.ts';

// Whatever a stranger sends to the protocol's endpoints, however wrong, is their fault and never ours.

let faults: Record<string, unknown>[] = [];
const hub = useHub({
  env: { LOG_LEVEL: 'info' },
  log: (line) => {
    const entry = JSON.parse(line);
    if (entry.level >= 50) faults.push(entry);
  },
  community: {},
});
let base: string;

beforeAll(async () => {
  await hub.newService({ slug: 'app' });
  await hub.newService(
    { slug: 'tv' },
    {
      auth: 'none',
      grants: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      redirectUris: [],
    },
  );
  base = `/c/${hub.community.slug}`;
});
beforeEach(() => {
  faults = [];
});

const ENDPOINTS = [
  '/oidc/auth',
  '/oidc/token',
  '/oidc/me',
  '/oidc/jwks',
  '/oidc/token/introspection',
  '/oidc/token/revocation',
  '/oidc/request',
  '/oidc/device',
  '/oidc/device/auth',
  '/oidc/session/end',
  '/oidc/session/end/confirm',
  '/oidc/session/end/success',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
];
const BESIDE = [
  '/oidc/',
  '/oidc//',
  '/oidc/nowhere',
  '/oidc/auth/ANYTHING',
  '/oidc/auth/ANYTHING/more',
  '/oidc/auth/%00',
  '/oidc/auth/%ff',
  '/oidc/auth/%E0%A4%A',
  '/oidc/auth/..%2f..%2ftoken',
  '/oidc/auth/__proto__',
  '/oidc/device/ANYTHING',
  '/oidc/device/%00',
  '/oidc/device/%',
  '/oidc/device/auth/x',
  '/oidc/device/constructor',
  '/oidc/session/end/nowhere',
  '/oidc/token/x',
  '/oidc/me/x',
  '/oidc/reg',
  '/oidc/backchannel',
  '/.well-known/',
  '/.well-known/%',
  '/.well-known/webfinger?resource=acct:a@b',
  '/.well-known/openid-configuration/x',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
/** Every method at what there is; beside it, those that are answered otherwise than by "no such page". */
const ASKED: [path: string, methods: readonly string[]][] = [
  ...ENDPOINTS.map((path): [string, string[]] => [path, METHODS]),
  ...BESIDE.map((path): [string, string[]] => [path, ['GET', 'POST', 'OPTIONS']]),
];

const FORM = 'application/x-www-form-urlencoded';
const KNOWN = [
  'client_id=app',
  'redirect_uri=https%3A%2F%2Fapp.example%2Fcallback',
  'response_type=code',
  'scope=openid',
  'grant_type=authorization_code',
  'token=x',
  'user_code=x',
  'xsrf=x',
  'state=x',
];
type Sent = { headers?: Record<string, string | string[]>; body?: string | Buffer; query?: string };
const form = (body: string | Buffer, more = {}): Sent => ({
  headers: { 'content-type': FORM, ...more },
  body,
});

/** What is wrong, by its name. */
const WRONG: Record<string, Sent> = {
  nothing: {},
  'no body': { headers: { 'content-type': FORM, 'content-length': '0' } },
  'a body of no type': { body: 'client_id=app' },
  'a known request': form(KNOWN.join('&')),
  'everything twice': form([...KNOWN, ...KNOWN].join('&')),
  'names as of arrays and objects': form(
    'client_id[]=a&scope[x]=b&__proto__[a]=b&__proto__=c&constructor=d&toString=e',
  ),
  'percent signs alone': form('%=%&%zz=%1&client_id=%'),
  'a NUL': form('client_id=%00&state=%00&token=%00&user_code=%00'),
  'bytes that are no UTF-8': form(
    Buffer.from('client_id=\xff\xfe&token=\xc3\x28&state=%ff', 'latin1'),
  ),
  'half a surrogate': form('state=%ED%A0%80&client_id=app'),
  '57 KB': form(`client_id=app&state=${'a'.repeat(57_000)}`),
  '70 KB': form(`state=${'a'.repeat(70_000)}`),
  'a thousand fields': form('a=b&'.repeat(1_000)),
  JSON: { headers: { 'content-type': 'application/json' }, body: '{"client_id":"app"}' },
  'half of JSON': { headers: { 'content-type': 'application/json' }, body: '{"client' },
  multipart: {
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: '--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\napp\r\n--x--\r\n',
  },
  'a charset that nobody has': form('client_id=app', {
    'content-type': `${FORM}; charset=nonsense`,
  }),
  'UTF-16': form(Buffer.from('client_id=app', 'utf16le'), {
    'content-type': `${FORM}; charset=utf-16`,
  }),
  'compressed, it says': form('client_id=app', { 'content-encoding': 'gzip' }),
  'a type that is none': { headers: { 'content-type': ';;;' }, body: 'x' },
  'an odd query': { query: '%=%&%00=%00&client_id[]=app&__proto__=x&client_id=app&client_id=tv' },
  'a known query': { query: KNOWN.join('&') },
  'a query of 10 KB': { query: `client_id=app&state=${'a'.repeat(10_000)}` },
  'a query with a request object': {
    query: 'client_id=app&request=x.y.z&request_uri=urn:ietf:params:oauth:request_uri:x',
  },
  'claims that are none': {
    query: `${KNOWN.join('&')}&claims=%7B%22userinfo%22%3A1%7D&max_age=-1&prompt=none%20login&id_token_hint=x`,
  },
  'a garbage session': {
    headers: {
      cookie:
        'trousseau_SLUG_session=x; trousseau_SLUG_session.sig=y; trousseau_SLUG_interaction=%00; trousseau_SLUG_resume=__proto__',
    },
  },
  'cookies that are none': { headers: { cookie: '=; ; a; __proto__=b; %=%; trousseau_csrf="' } },
  'an authorization of no kind': { headers: { authorization: 'x' } },
  'Basic with nothing': { headers: { authorization: 'Basic' } },
  'Basic with what is no base64': { headers: { authorization: 'Basic %%%:::' } },
  'Basic without a colon': form('grant_type=client_credentials', {
    authorization: `Basic ${Buffer.from('app').toString('base64')}`,
  }),
  'Basic with a percent sign': form('grant_type=client_credentials', {
    authorization: `Basic ${Buffer.from('%:%').toString('base64')}`,
  }),
  'Basic with a NUL': form('grant_type=client_credentials', {
    authorization: `Basic ${Buffer.from('app:\0').toString('base64')}`,
  }),
  'Bearer with nothing': { headers: { authorization: 'Bearer' } },
  'Bearer twice': { headers: { authorization: 'Bearer x' }, query: 'access_token=y' },
  'an odd language and origin': {
    headers: { 'accept-language': ';;;q=x, *', origin: 'null', accept: 'text/html;q=x, */*;q=-1' },
    query: 'ui_locales=%00%20%20xx-__',
  },
};

const send = (path: string, method: string, wrong: Sent): Promise<RawAnswer> => {
  const headers = JSON.parse(
    JSON.stringify(wrong.headers ?? {}).replaceAll('SLUG', hub.community.slug),
  );
  const query = wrong.query === undefined ? '' : `${path.includes('?') ? '&' : '?'}${wrong.query}`;
  return sendRaw(hub, base + path + query, {
    method,
    headers: { 'content-length': String(Buffer.byteLength(wrong.body ?? '')), ...headers },
    ...(wrong.body !== undefined && { body: wrong.body }),
  });
};

describe('no stranger’s request to the protocol is a fault of ours', () => {
  it.each(Object.entries(WRONG))('with %s', async (_name, wrong) => {
    const bad: string[] = [];
    for (const [path, methods] of ASKED) {
      const answers = await Promise.all(
        methods.map(async (method) => {
          const answer = await send(path, method, wrong).catch((error) => ({
            status: 999,
            text: String(error),
          }));
          return [method, answer] as const;
        }),
      );
      for (const [method, { status, text }] of answers) {
        if (status >= 500) bad.push(`${method} ${path}: ${status} ${text.slice(0, 200)}`);
      }
    }
    expect(bad).toEqual([]);
    expect(faults).toEqual([]);
  });
});
