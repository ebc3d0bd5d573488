import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, it, vi } from 'vitest';
import { rotateKeys } from '../../src/domain/signing-keys/rotate-keys.ts';
import type { Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// What stays good when signing keys change (OpenID Connect Core §10.1.1), at a running hub.

const AFTER = 'https://after.example/';
const hub = useHub({ member: {}, client: { postLogoutRedirectUris: [AFTER] } });

const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const keySet = () => createRemoteJWKSet(new URL(`${hub.issuer}/oidc/jwks`));

/** Makes new keys sign at once, and waits until the hub has heard of it. */
async function rotate(): Promise<string[]> {
  const { kids } = await rotateKeys(hub.database, hub.sealer, hub.community.id, {
    mode: 'immediately',
  });
  await vi.waitFor(async () => {
    const { keys } = (await (await fetch(`${hub.issuer}/oidc/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    expect(keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining(kids));
  });
  return kids;
}

it('a token signed by the retired key verifies by the published set, and new ones have the new key', async () => {
  const before = await hub.client.tokens(
    await hub.client.signIn(newBrowser(), hub.member.username),
  );
  const kids = await rotate();
  expect(kids).not.toContain(kidOf(before.id_token));
  await jwtVerify(before.id_token, keySet(), { issuer: hub.issuer });
  const after = await hub.client.tokens(await hub.client.signIn(newBrowser(), hub.member.username));
  expect(kids).toContain(kidOf(after.id_token));
  expect((await hub.client.idToken(after)).sub).toBe(hub.member.subject);
});

it('sessions, access and refresh tokens go on, and refreshing gives a token of the new key', async () => {
  const browser = newBrowser();
  const tokens = await hub.client.tokens(await hub.client.signIn(browser, hub.member.username));
  const kids = await rotate();
  expect((await hub.client.userinfo(tokens.access_token)).status).toBe(200);
  expect(
    hub.client.isBack(await browser.open(hub.client.authorizationUrl({ prompt: 'none' }))),
  ).toBe(true);
  const refreshed = (await json(
    await hub.client.refresh(tokens.refresh_token as string),
  )) as unknown as Tokens;
  expect(kids).toContain(kidOf(refreshed.id_token));
});

it('an ID token of the retired key serves as id_token_hint, at sign-in and at sign-out', async () => {
  const browser = newBrowser();
  const { id_token } = await hub.client.tokens(
    await hub.client.signIn(browser, hub.member.username),
  );
  await rotate();
  const page = await browser.open(
    hub.client.authorizationUrl({ prompt: 'none', id_token_hint: id_token }),
  );
  expect(hub.client.answer(page).has('code')).toBe(true);
  const question = await browser.open(
    `${hub.issuer}/oidc/session/end?${new URLSearchParams({
      id_token_hint: id_token,
      post_logout_redirect_uri: AFTER,
    })}`,
  );
  const back = await browser.submit(question, '#logout-form', {}, '#logout-confirm');
  expect(back.url).toBe(AFTER);
});

it('a code that was given before is redeemed after', async () => {
  const answer = await hub.client.signIn(newBrowser(), hub.member.username);
  await rotate();
  expect((await hub.client.idToken(await hub.client.tokens(answer))).nonce).toBe('the-nonce');
});
