import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { rotateKeys } from '../../src/domain/signing-keys/rotate-keys.ts';
import type { BuiltMember } from '../support/factories.ts';
import type { RelyingParty, Tokens } from '../support/relying-party.ts';
import { type HubUnderTest, json, newBrowser, startHubUnderTest } from './hub-under-test.ts';

// What stays good when signing keys change (OpenID Connect Core §10.1.1), at a running hub.

const AFTER = 'https://after.example/';
let under: HubUnderTest;
let app: RelyingParty;
let member: BuiltMember;

beforeAll(async () => {
  under = await startHubUnderTest();
  app = await under.newApp({ postLogoutRedirectUris: [AFTER] });
  member = await under.newMember();
});
afterAll(() => under.stop());

const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const keySet = () => createRemoteJWKSet(new URL(`${app.issuer}/oidc/jwks`));

/** Makes new keys sign at once, and waits until the hub has heard of it. */
async function rotate(): Promise<string[]> {
  const { hub, community } = under;
  const { kids } = await rotateKeys(hub.database, hub.sealer, community.id, {
    mode: 'immediately',
  });
  await vi.waitFor(async () => {
    const { keys } = (await (await fetch(`${app.issuer}/oidc/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    expect(keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining(kids));
  });
  return kids;
}

it('a token signed by the retired key verifies by the published set, and new ones have the new key', async () => {
  const before = await app.tokens(await app.signIn(newBrowser(), member.username));
  const kids = await rotate();
  expect(kids).not.toContain(kidOf(before.id_token));
  await jwtVerify(before.id_token, keySet(), { issuer: app.issuer });
  const after = await app.tokens(await app.signIn(newBrowser(), member.username));
  expect(kids).toContain(kidOf(after.id_token));
  expect((await app.idToken(after)).sub).toBe(member.subject);
});

it('sessions, access and refresh tokens go on, and refreshing gives a token of the new key', async () => {
  const browser = newBrowser();
  const tokens = await app.tokens(await app.signIn(browser, member.username));
  const kids = await rotate();
  expect((await app.userinfo(tokens.access_token)).status).toBe(200);
  expect(app.isBack(await browser.open(app.authorizationUrl({ prompt: 'none' })))).toBe(true);
  const refreshed = (await json(
    await app.refresh(tokens.refresh_token as string),
  )) as unknown as Tokens;
  expect(kids).toContain(kidOf(refreshed.id_token));
});

it('an ID token of the retired key serves as id_token_hint, at sign-in and at sign-out', async () => {
  const browser = newBrowser();
  const { id_token } = await app.tokens(await app.signIn(browser, member.username));
  await rotate();
  const page = await browser.open(
    app.authorizationUrl({ prompt: 'none', id_token_hint: id_token }),
  );
  expect(app.answer(page).has('code')).toBe(true);
  const question = await browser.open(
    `${app.issuer}/oidc/session/end?${new URLSearchParams({
      id_token_hint: id_token,
      post_logout_redirect_uri: AFTER,
    })}`,
  );
  const back = await browser.submit(question, '#logout-form', {}, '#logout-confirm');
  expect(back.url).toBe(AFTER);
});

it('a code that was given before is redeemed after', async () => {
  const answer = await app.signIn(newBrowser(), member.username);
  await rotate();
  expect((await app.idToken(await app.tokens(answer))).nonce).toBe('the-nonce');
});
