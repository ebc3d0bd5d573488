import { describe, expect, it } from 'vitest';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import { createRefreshTokenValues } from '../../src/protocols/oidc/refresh-token-value.ts';
import { TEST_SECRET } from '../support/hub.ts';
import type { Tokens } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// What is kept of refresh tokens that were used, and what becomes of whoever brings one (RFC 9700 §4.14.2).

const hub = useHub({ member: {}, client: {} });

/** A family of tokens, the first of them used first; the last one is good. */
async function family(uses: number): Promise<{ used: string[]; good: string; access: string }> {
  const first = await hub.client.tokens(await hub.client.signIn(newBrowser(), hub.member.username));
  const used: string[] = [];
  let good = first.refresh_token as string;
  for (let n = 0; n < uses; n += 1) {
    used.push(good);
    good = (await json(await hub.client.refresh(good))).refresh_token as string;
  }
  return { used, good, access: first.access_token };
}

const isGood = async (token: string) => (await hub.client.refresh(token)).status === 200;
async function rows(): Promise<number> {
  const [row] = await hub.database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM oidc_artifacts WHERE kind = 'RefreshToken'`,
  );
  return row?.count ?? 0;
}

describe('a used refresh token', () => {
  it('leaves no row, however often its family is used', async () => {
    const before = await rows();
    await family(12);
    expect((await rows()) - before).toBe(1);
  });

  it.each([
    ['the first of many', 0, {}],
    ['one in the middle', 3, {}],
    ['the last one used', 5, {}],
    ['one with a scope that it does not have', 0, { scope: 'openid groups' }],
  ])('ends its whole family when it comes again: %s', async (_which, index, fields) => {
    const { used, good, access } = await family(6);
    const response = await hub.client.refresh(used[index] as string, fields);
    expect([response.status, (await json(response)).error]).toEqual([400, 'invalid_grant']);
    expect(await isGood(good)).toBe(false);
    expect((await hub.client.userinfo(access)).status).toBe(401);
  });

  it('does so on another process, too', async () => {
    const { used, good } = await family(2);
    const sibling = await hub.sibling();
    const { host } = new URL(hub.url);
    const response = await fetch(`${sibling.url}/c/${hub.community.slug}/oidc/token`, {
      method: 'POST',
      headers: { authorization: hub.client.basic(), 'x-forwarded-host': host },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: used[0] as string }),
    });
    expect(response.status).toBe(400);
    expect(await isGood(good)).toBe(false);
    await sibling.stop();
  });

  it('ends it when it is revoked, as the token that took its place would (RFC 7009 §2.1)', async () => {
    const { used, good } = await family(2);
    expect(
      (await hub.client.post('/oidc/token/revocation', { token: used[0] as string })).status,
    ).toBe(200);
    expect(await isGood(good)).toBe(false);
  });

  it('is not active, and asking about it changes nothing', async () => {
    const { used, good } = await family(2);
    const asked = await hub.client.post('/oidc/token/introspection', { token: used[0] as string });
    expect(await json(asked)).toEqual({ active: false });
    expect(await isGood(good)).toBe(true);
  });

  it('ends nothing in the hands of another client, or of one that does not prove itself', async () => {
    const { used, good } = await family(2);
    const other = await hub.newClient();
    const token = { grant_type: 'refresh_token', refresh_token: used[0] as string };
    expect((await other.refresh(used[0] as string)).status).toBe(400);
    expect((await other.post('/oidc/token/revocation', { token: used[0] as string })).status).toBe(
      200,
    );
    const wrong = `Basic ${Buffer.from(`${hub.service.clientId}:wrong`).toString('base64')}`;
    expect((await hub.client.post('/oidc/token', token, { authorization: wrong })).status).toBe(
      401,
    );
    expect(await isGood(good)).toBe(true);
  });

  it('cannot be made up by whoever has one', async () => {
    const { used, good } = await family(2);
    const token = used[0] as string;
    const madeUp = [
      `${'A'.repeat(43)}${token.slice(43)}`,
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.slice(0, 86),
      `${token}A`,
    ];
    for (const value of madeUp) expect((await hub.client.refresh(value)).status).toBe(400);
    expect(await isGood(good)).toBe(true);
  });

  it('ends nothing once it would have expired anyway', async () => {
    const { used, good } = await family(1);
    const values = createRefreshTokenValues(
      createSealer([TEST_SECRET.replaceAll(/[ ,]/g, '-')]),
      hub.community.id,
    );
    const { grantId, expiresAt } = values.grantOf(used[0] as string) as {
      grantId: string;
      expiresAt: number;
    };
    const now = Math.floor(Date.now() / 1000);
    expect(Math.round((expiresAt - now) / 86_400)).toBe(30);
    expect((await hub.client.refresh(values.make(grantId, now - 1))).status).toBe(400);
    expect(await isGood(good)).toBe(true);
  });

  it('is one of two when both come at once: one is answered at the most, and both end', async () => {
    const { good } = await family(1);
    const answers = await Promise.all(Array.from({ length: 4 }, () => hub.client.refresh(good)));
    const tokens = await Promise.all(
      answers.filter(({ ok }) => ok).map((answer) => answer.json() as Promise<Tokens>),
    );
    expect(tokens.length).toBeLessThanOrEqual(1);
    for (const { refresh_token } of tokens)
      expect(await isGood(refresh_token as string)).toBe(false);
  });

  it('of before this was so is known by its row', async () => {
    const { good } = await family(1);
    // As it was stored then: by the hash of a value that says nothing.
    const old = 'o'.repeat(43);
    await hub.database.query(
      `UPDATE oidc_artifacts SET id_hash = sha256($2::bytea)
       WHERE community_id = $1 AND kind = 'RefreshToken' AND id_hash = sha256($3::bytea)`,
      [hub.community.id, Buffer.from(old), Buffer.from(good)],
    );
    const next = (await json(await hub.client.refresh(old))).refresh_token as string;
    expect(await isGood(old)).toBe(false);
    expect(await isGood(next)).toBe(false);
  });
});
