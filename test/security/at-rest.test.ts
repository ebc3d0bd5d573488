import { expect, it } from 'vitest';
import { ensureSetupToken } from '../../src/domain/operators/create-operator.ts';
import type { ClientChange } from '../../src/domain/services/service-change.ts';
import { Browser } from '../support/browser.ts';
import { buildCommunity, buildMember, buildService, PASSWORD } from '../support/factories.ts';
import { RelyingParty, type Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { asForm, sendRaw } from './raw-request.ts';

const OPERATOR_PASSWORD = 'a password of the operator';
const WRONG = 'a wrong password, typed by a member';

let log = '';
const hub = useHub({
  env: { LOG_LEVEL: 'trace' },
  log: (line) => {
    log += line;
  },
});
/** Every page and answer that refused something. */
let refusals = '';

/** What `secrets.test.ts` does not come by: pushed requests, secrets in bodies, hints, the console, faults. */
async function journey(): Promise<Record<string, string>> {
  const community = await buildCommunity(hub.database);
  const member = await buildMember(hub.database, community.id);
  const client: ClientChange = {
    auth: 'client_secret_post',
    postLogoutRedirectUris: ['https://after.example/'],
    grants: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  };
  const app = new RelyingParty(hub.url, community, await buildService(hub, community, {}, client));
  const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const inBody = { client_id: app.service.clientId, client_secret: app.service.clientSecret };
  const post = async (
    path: string,
    fields: Record<string, string>,
  ): Promise<Record<string, string>> => {
    const form = asForm({ ...inBody, ...fields });
    const answer = await sendRaw(hub, `/c/${community.slug}${path}`, form);
    if (answer.status >= 400) refusals += answer.text;
    return JSON.parse(answer.text || '{}');
  };

  const push = async () =>
    post('/oidc/request', {
      response_type: 'code',
      scope: 'openid offline_access',
      prompt: 'consent',
      redirect_uri: app.service.redirectUri,
      state: 'state-that-the-app-keeps-to-itself',
    });
  const openPushed = (request: Record<string, string>) =>
    browser.open(
      `${app.issuer}/oidc/auth?${new URLSearchParams({ client_id: inBody.client_id, request_uri: request.request_uri as string })}`,
    );
  const pushed = await push();
  const login = await openPushed(pushed);
  refusals += (
    await browser.submit(login, '#login-form', { username: member.username, password: WRONG })
  ).text;
  refusals += (await browser.submit(login, '#login-form', { username: WRONG, password: PASSWORD }))
    .text;
  const consent = await browser.submit(login, '#login-form', {
    username: member.username,
    password: PASSWORD,
  });
  const back = await browser.submit(consent, '#consent-form', {}, '#consent-allow');
  const code = app.answer(back).get('code') as string;
  const redemption = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.service.redirectUri,
  };
  refusals += JSON.stringify(
    await post('/oidc/token', { ...redemption, client_secret: 'a wrong secret of the app' }),
  );
  const tokens = (await post('/oidc/token', redemption)) as unknown as Tokens;
  const device = await post('/oidc/device/auth', { scope: 'openid profile' });
  await post('/oidc/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device.device_code as string,
  });
  const polled = await browser.open(device.verification_uri_complete as string);
  const shown = await browser.submit(polled, '#submit-form');
  const waiting = await browser.submit(shown, '#device-form', {}, '#device-confirm');
  expect(waiting.document.querySelector('#consent-form')).not.toBeNull();
  await post('/oidc/token/introspection', { token: tokens.refresh_token as string });
  const cookies = await browser.jar.getCookies(`${app.issuer}/`, { allPaths: true });
  // Questions that stay open: one of a device, one pushed, one with an ID token as its hint.
  const waitingPush = await push();
  await openPushed(waitingPush);
  await browser.open(app.authorizationUrl({ id_token_hint: tokens.id_token, prompt: 'login' }));
  const sub = tokens.id_token;
  await browser.open(
    `${app.issuer}/oidc/session/end?${new URLSearchParams({ id_token_hint: sub, post_logout_redirect_uri: 'https://after.example/' })}`,
  );
  const refused = await browser.open(`${app.issuer}/oidc/session/end?id_token_hint=${sub}x`);
  // The form that changes the language names the page that it stands on, which was asked for so.
  refusals += refused.text.replace(/name="return_to" value="[^"]*"/, '');
  const second = (await post('/oidc/token', {
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token as string,
  })) as unknown as Tokens;
  await post('/oidc/token', {
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token as string,
  });
  await post('/oidc/token/revocation', { token: second.access_token });
  return {
    password: PASSWORD,
    'wrong password, also as a name': WRONG,
    'client secret': inBody.client_secret,
    'wrong client secret': 'a wrong secret of the app',
    'pushed request': (pushed.request_uri as string).split(':').pop() as string,
    'pushed request that waits': (waitingPush.request_uri as string).split(':').pop() as string,
    code,
    'access token': tokens.access_token,
    'refresh token': tokens.refresh_token as string,
    'second refresh token': second.refresh_token as string,
    'ID token': tokens.id_token,
    'device code': device.device_code as string,
    'user code': device.user_code as string,
    ...(await console_()),
    ...Object.fromEntries(
      cookies
        .filter(({ key }) => /session|csrf|device/.test(key))
        .map(({ key, value }) => [`cookie ${key}`, value]),
    ),
  };
}

/** The operator's first day. */
async function console_(): Promise<Record<string, string>> {
  const token = (await hub.database.transaction(ensureSetupToken)) as string;
  const unused = (await hub.database.transaction(ensureSetupToken)) as string;
  const browser = new Browser();
  const setup = await browser.open(`${hub.url}/setup?token=${token}`);
  refusals += (
    await browser.submit(setup, '#setup-form', { email: 'nobody', password: OPERATOR_PASSWORD })
  ).text.replaceAll(token, '');
  await browser.submit(setup, '#setup-form', {
    email: 'ops@hub.example',
    password: OPERATOR_PASSWORD,
  });
  const login = await browser.open(`${hub.url}/operator/login`);
  refusals += (
    await browser.submit(login, '#login-form', { email: 'ops@hub.example', password: WRONG })
  ).text;
  await browser.submit(login, '#login-form', {
    email: 'ops@hub.example',
    password: OPERATOR_PASSWORD,
  });
  const cookies = await browser.jar.getCookies(`${hub.url}/operator`);
  const session = cookies.find(({ key }) => key === 'trousseau_operator')?.value as string;
  return {
    'set-up token': token,
    'unused set-up token': unused,
    'operator’s password': OPERATOR_PASSWORD,
    'operator’s session': session,
  };
}

it('nothing that opens anything is in the log, in a refusal, or in the database in any encoding', async () => {
  const secrets = await journey();
  const stored = await everythingStored();
  expect(stored.length).toBeGreaterThan(30);
  expect(log.length).toBeGreaterThan(1_000);
  for (const [name, value] of Object.entries(secrets)) {
    expect(value?.length, name).toBeGreaterThan(7);
    for (const form of encodings(value)) {
      expect([name, log.includes(form)], 'in the log').toEqual([name, false]);
      // A typed name comes back in its own field, for its writer to mend.
      if (!name.includes('as a name'))
        expect([name, refusals.includes(form)], 'in a refusal').toEqual([name, false]);
      const tables = stored.filter(({ text }) => text.includes(form)).map(({ table }) => table);
      expect([name, tables], 'in the database').toEqual([name, []]);
    }
  }
});

/** A value as it may lie about: itself, escaped, and as the hexadecimal that bytea columns show. */
function encodings(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    ...new Set([
      value,
      encodeURIComponent(value),
      bytes.toString('hex'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
    ]),
  ];
}

async function everythingStored(): Promise<{ table: string; text: string }[]> {
  const tables = await hub.database.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND relkind = 'r'`,
  );
  const rows = [];
  for (const { name } of tables) {
    for (const { text } of await hub.database.query<{ text: string }>(
      `SELECT t::text AS text FROM "${name}" t`,
    ))
      rows.push({ table: name, text: text + unpacked(text) });
  }
  return rows;
}

/** What unsigned and signed tokens in a text say inside. */
function unpacked(text: string): string {
  return [...text.matchAll(/eyJ[\w-]+\.([\w-]+)\./g)]
    .map(([, payload]) => Buffer.from(payload as string, 'base64url').toString())
    .join();
}
