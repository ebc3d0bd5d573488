import { randomBytes } from 'node:crypto';
import { Pool } from 'undici';
import type { Queryable } from '../../src/platform/database/database.ts';
import { Browser } from '../../test/support/browser.ts';

type Target = { issuer: string; clientId: string; redirectUri: string };
type Send = (
  method: 'GET' | 'POST',
  path: string,
  fields?: Record<string, string>,
  headers?: Record<string, string>,
) => Promise<number>;
type Attack = (send: Send, target: Target) => Promise<number>;

const long = (bytes: number) => randomBytes(Math.ceil((bytes * 3) / 4)).toString('base64url');
const authorization = (target: Target, more: Record<string, string> = {}) => ({
  client_id: target.clientId,
  redirect_uri: target.redirectUri,
  response_type: 'code',
  scope: 'openid profile email',
  code_challenge: long(43).slice(0, 43),
  code_challenge_method: 'S256',
  ...more,
});
const query = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
/** A form of ours, with the token that its page gave. */
async function fill(issuer: string, page: string, fields: Record<string, string>) {
  const browser = new Browser();
  const opened = await browser.open(`${issuer}${page}`);
  const csrf = opened.document.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const response = await browser.send(`${issuer}${page}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: query({ csrf, ...fields }),
  });
  await response.text();
  return response.status;
}

/** Whatever somebody whom nobody knows can have the database keep. */
export const ATTACKS: Record<string, Attack> = {
  'authorization requests, 10 KB of state': (send, target) =>
    send('GET', `/oidc/auth?${query(authorization(target, { state: long(10_000) }))}`),
  'authorization requests as apps make them': (send, target) =>
    send('GET', `/oidc/auth?${query(authorization(target, { state: long(43), nonce: long(43) }))}`),
  'authorization requests in English, for nobody': (send, target) =>
    send(
      'GET',
      `/oidc/auth?${query(authorization(target, { ui_locales: long(9_000), login_hint: long(2_000) }))}`,
    ),
  'pushed requests of a public client': (send, target) =>
    send(
      'POST',
      '/oidc/request',
      authorization({ ...target, clientId: 'tv' }, { state: long(10_000) }),
    ),
  'device requests of a public client': (send) =>
    send(
      'POST',
      '/oidc/device/auth',
      { client_id: 'tv', scope: 'openid', state: long(10_000) },
      { 'user-agent': long(8_000) },
    ),
  'pages for a device’s code': (send) =>
    send('GET', '/oidc/device', undefined, { accept: 'text/html' }),
  'sign-out pages': (send) => send('GET', '/oidc/session/end', undefined, { accept: 'text/html' }),
  'wrong passwords, a new name each': (_send, { issuer }) =>
    fill(issuer, '/login', { username: long(300), password: 'x' }),
  'wrong passwords, one name': (_send, { issuer }) =>
    fill(issuer, '/login', { username: 'membre1', password: 'x' }),
  registrations: (_send, { issuer }) =>
    fill(issuer, '/register', { email: `${long(20)}@example.org` }),
  recoveries: (_send, { issuer }) => fill(issuer, '/recover', { login: `${long(20)}@example.org` }),
  'links that nobody sent': (send) => send('GET', `/recover/${long(43)}`),
  'tokens that nobody gave': (send) =>
    send('POST', '/oidc/token', {
      grant_type: 'refresh_token',
      refresh_token: long(60),
      client_id: 'tv',
    }),
};

const TABLES = `SELECT relname AS name, pg_total_relation_size(c.oid)::float8 AS bytes FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND relkind = 'r'`;

/** Attacks for some seconds each and says what the database kept, an hour of it by extension. */
export async function measureGrowth(
  db: Queryable,
  target: Target,
  { seconds, only }: { seconds: number; only?: string[] },
) {
  const url = new URL(target.issuer);
  const http = new Pool(url.origin, { connections: 16 });
  const send: Send = async (method, path, fields, headers) => {
    const answer = await http.request({
      method,
      path: url.pathname + path,
      headers: {
        ...(fields && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      body: fields && query(fields),
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  const sizes = async () =>
    new Map(
      (await db.query<{ name: string; bytes: number }>(TABLES)).map(({ name, bytes }) => [
        name,
        bytes,
      ]),
    );
  const results: Record<string, unknown>[] = [];
  for (const [name, attack] of Object.entries(ATTACKS)) {
    if (only !== undefined && !only.some((part) => name.includes(part))) continue;
    const before = await sizes();
    const statuses: Record<number, number> = {};
    const started = performance.now();
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (performance.now() - started < seconds * 1000) {
          const status = await attack(send, target);
          statuses[status] = (statuses[status] ?? 0) + 1;
        }
      }),
    );
    const passed = (performance.now() - started) / 1000;
    const after = await sizes();
    const grown = [...after].flatMap(([table, bytes]) => {
      const more = bytes - (before.get(table) ?? 0);
      return more > 0 ? [{ table, bytes: more }] : [];
    });
    const bytes = grown.reduce((sum, table) => sum + table.bytes, 0);
    const requests = Object.values(statuses).reduce((sum, count) => sum + count, 0);
    const perHour = (bytes / passed) * 3600;
    console.log(
      `  ${name}: ${(requests / passed).toFixed(0)}/s ${JSON.stringify(statuses)}, ${(bytes / 1e6).toFixed(2)} MB kept (${(perHour / 1e6).toFixed(0)} MB an hour at that pace): ${grown.map(({ table, bytes }) => `${table} ${(bytes / 1e3).toFixed(0)} KB`).join(', ')}`,
    );
    results.push({ name, rate: requests / passed, statuses, bytes, perHour, grown });
  }
  await http.close();
  return results;
}
