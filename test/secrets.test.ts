import { expect, it } from 'vitest';
import { hashPassword } from '../src/domain/people/password.ts';
import { Browser } from './support/browser.ts';
import { buildCommunity, buildMember, buildService, PASSWORD } from './support/factories.ts';
import { RelyingParty, type Tokens } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

let log = '';
const hub = useHub({
  env: { LOG_LEVEL: 'trace' },
  log: (line) => {
    log += line;
  },
});

/** A whole life of a sign-in, with everything that opened something on the way. */
async function journey(): Promise<Record<string, string>> {
  const community = await buildCommunity(hub.database);
  const member = await buildMember(hub.database, community.id);
  const client = {
    grants: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
  };
  const app = new RelyingParty(hub.url, community, await buildService(hub, community, {}, client));
  const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const login = await browser.open(`${app.issuer}/login`);
  await browser.submit(login, '#login-form', {
    username: member.username,
    password: 'a wrong password of mine',
  });
  const answer = await app.signIn(browser, member.username);
  const code = answer.get('code') as string;
  const tokens = await app.tokens(answer);
  const second = (await (await app.refresh(tokens.refresh_token as string)).json()) as Tokens;
  await app.refresh(tokens.refresh_token as string);
  await app.redeem(code);
  const device = (await (
    await app.post('/oidc/device/auth', { scope: 'openid' })
  ).json()) as Record<string, string>;
  const machine = (await (
    await app.post('/oidc/token', { grant_type: 'client_credentials' })
  ).json()) as Tokens;
  await app.post(
    '/oidc/token',
    { grant_type: 'client_credentials' },
    { authorization: 'Basic bm9ib2R5Ond3d3c=' },
  );
  const cookies = await browser.jar.getCookies(`${app.issuer}/`, { allPaths: true });
  return {
    password: PASSWORD,
    'wrong password': 'a wrong password of mine',
    code,
    'access token': tokens.access_token,
    'refresh token': tokens.refresh_token as string,
    'second refresh token': second.refresh_token as string,
    'machine token': machine.access_token,
    'ID token': tokens.id_token,
    'device code': device.device_code as string,
    'client secret': app.service.clientSecret,
    'code verifier': app.verifier,
    ...Object.fromEntries(
      cookies
        // An interaction is named in addresses; what opens it is the signature of its cookie.
        .filter(({ key }) => !/locale|_(interaction|resume)$/.test(key))
        .map(({ key, value }) => [`cookie ${key}`, value]),
    ),
  };
}

it('no password, token, code, secret or cookie of a whole journey reaches the log or rests in the database', async () => {
  const secrets = await journey();
  expect(Object.keys(secrets).filter((name) => name.startsWith('cookie')).length).toBeGreaterThan(
    1,
  );
  const stored = await everythingStored();
  for (const [name, value] of Object.entries(secrets)) {
    expect(value.length, name).toBeGreaterThan(8);
    expect(log.includes(value), `${name} in the log`).toBe(false);
    const at = stored.filter((row) => row.text.includes(value)).map((row) => row.table);
    expect(at, `${name} in the database`).toEqual([]);
  }
});

it('a password is kept as an Argon2id hash with today’s parameters', async () => {
  expect(await hashPassword('une phrase')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

/** Every row of every table, as text. */
async function everythingStored(): Promise<{ table: string; text: string }[]> {
  const tables = await hub.database.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND relkind = 'r'`,
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const found = await hub.database.query<{ text: string }>(
        `SELECT t::text AS text FROM "${name}" t`,
      );
      return found.map(({ text }) => ({ table: name, text }));
    }),
  );
  return rows.flat();
}
