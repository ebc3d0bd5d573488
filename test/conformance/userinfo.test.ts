import { beforeAll, describe, expect, it } from 'vitest';
import { buildGroup } from '../support/factories.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// Basic OP: userinfo, scopes and the `claims` parameter; and what real apps read of claims.

const SCOPES = ['openid', 'profile', 'email', 'groups', 'community'];
const FULL_PROFILE = {
  given_name: 'Zoé',
  family_name: 'Martin',
  nickname: 'zo',
  locale: 'fr',
  zoneinfo: 'Europe/Paris',
};
const { given_name: givenName, family_name: familyName, ...same } = FULL_PROFILE;

const hub = useHub({ member: { givenName, familyName, ...same }, client: { scopes: SCOPES } });
beforeAll(async () => {
  await buildGroup(hub.database, hub.community.id, 'bureau', [hub.member.subject]);
  await buildGroup(hub.database, hub.community.id, 'atelier', [hub.member.subject]);
});

type Claims = Record<string, unknown>;

/** What an app learns of a member by each way, asking for these scopes and claims. */
async function learn(
  params: Record<string, string>,
  relyingParty = hub.client,
  who = hub.member,
): Promise<{ idToken: Claims; userinfo: Claims; scope: string }> {
  const answer = await relyingParty.signIn(newBrowser(), who.username, params);
  const tokens = await relyingParty.tokens(answer);
  return {
    idToken: await relyingParty.idToken(tokens),
    userinfo: await json(await relyingParty.userinfo(tokens.access_token)),
    scope: tokens.scope,
  };
}

describe('userinfo', () => {
  const token = async () =>
    (await hub.client.tokens(await hub.client.signIn(newBrowser(), hub.member.username)))
      .access_token;
  const url = () => `${hub.issuer}/oidc/me`;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each([
    [
      'GET with the token in the header',
      (t: string) => ({ headers: { authorization: `Bearer ${t}` } }),
    ],
    [
      'GET with the scheme in small letters',
      (t: string) => ({ headers: { authorization: `bearer ${t}` } }),
    ],
    [
      'POST with the token in the header',
      (t: string) => ({ method: 'POST', headers: { ...form, authorization: `Bearer ${t}` } }),
    ],
    [
      'POST with the token in the body',
      (t: string) => ({
        method: 'POST',
        headers: form,
        body: new URLSearchParams({ access_token: t }).toString(),
      }),
    ],
  ])('answers %s', async (_name, request) => {
    const response = await fetch(url(), request(await token()));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await json(response)).sub).toBe(hub.member.subject);
  });

  it('without a token says which scheme to use, and nothing of an error', async () => {
    const response = await fetch(url());
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(`Bearer realm="${hub.issuer}"`);
  });

  it('with a token that does not count says so', async () => {
    const response = await hub.client.userinfo('unknown');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
  });

  it('is not answered to two tokens at once', async () => {
    const response = await fetch(url(), {
      method: 'POST',
      headers: { ...form, authorization: `Bearer ${await token()}` },
      body: new URLSearchParams({ access_token: 'other' }).toString(),
    });
    expect(response.status).toBe(400);
  });
});

describe('scopes', () => {
  it('profile gives what is known of the member', async () => {
    const { userinfo } = await learn({ scope: 'openid profile' });
    expect(userinfo).toEqual({
      sub: hub.member.subject,
      name: `Prénom ${hub.member.username}`,
      preferred_username: hub.member.username,
      localpart: hub.member.username,
      updated_at: expect.any(Number),
      ...FULL_PROFILE,
    });
  });

  it('email gives the address, and that it is verified as a boolean', async () => {
    const { userinfo } = await learn({ scope: 'openid email' });
    expect(userinfo).toEqual({
      sub: hub.member.subject,
      email: hub.member.email,
      email_verified: true,
    });
  });

  it('email does not say "verified" of an address that is not', async () => {
    const other = await hub.newMember();
    await hub.database.query('UPDATE person_emails SET verified_at = NULL WHERE person_id = $1', [
      other.personId,
    ]);
    const { userinfo } = await learn({ scope: 'openid email' }, hub.client, other);
    expect(userinfo).toEqual({ sub: other.subject, email: other.email });
  });

  it('in another order give the same', async () => {
    const { userinfo } = await learn({ scope: 'email openid' });
    expect(userinfo).toHaveProperty('email');
  });

  it('openid alone gives the subject alone', async () => {
    const { userinfo, idToken } = await learn({ scope: 'openid' });
    expect(userinfo).toEqual({ sub: hub.member.subject });
    for (const claim of ['name', 'email', 'preferred_username'])
      expect(idToken).not.toHaveProperty(claim);
  });

  it('groups gives an array of names', async () => {
    const { userinfo, idToken } = await learn({ scope: 'openid groups' });
    expect(userinfo.groups).toEqual(['atelier', 'bureau']);
    expect(idToken.groups).toEqual(['atelier', 'bureau']);
  });

  it('groups gives an array also to a member of none', async () => {
    const { userinfo } = await learn({ scope: 'openid groups' }, hub.client, await hub.newMember());
    expect(userinfo.groups).toEqual([]);
  });

  it('give every claim that an app compares as a string', async () => {
    const { userinfo } = await learn({ scope: SCOPES.join(' ') });
    for (const claim of [
      'sub',
      'preferred_username',
      'name',
      'email',
      'community',
      'role',
      'locale',
    ])
      expect([claim, typeof userinfo[claim]]).toEqual([claim, 'string']);
  });

  it('that a service may not have are not given, though the rest is', async () => {
    const modest = await hub.newClient({ scopes: ['openid', 'profile'] });
    const learned = await learn(
      {
        scope: 'openid profile email groups',
        claims: JSON.stringify({
          userinfo: { email: { essential: true } },
          id_token: { groups: null },
        }),
      },
      modest,
    );
    expect(learned.scope.split(' ').sort()).toEqual(['openid', 'profile']);
    for (const claims of [learned.idToken, learned.userinfo])
      for (const claim of ['email', 'email_verified', 'groups'])
        expect(claims).not.toHaveProperty(claim);
    expect(learned.userinfo).toHaveProperty('name');
  });
});

describe('the claims parameter', () => {
  const asked = (claims: object) => ({ scope: 'openid', claims: JSON.stringify(claims) });

  it('brings an essential claim to userinfo where it was asked for there', async () => {
    const { userinfo, idToken } = await learn(asked({ userinfo: { name: { essential: true } } }));
    expect(userinfo.name).toBe(`Prénom ${hub.member.username}`);
    expect(idToken).not.toHaveProperty('name');
  });

  it('brings a claim to the ID token where it was asked for there', async () => {
    const { userinfo, idToken } = await learn(asked({ id_token: { email: null } }));
    expect(idToken.email).toBe(hub.member.email);
    expect(userinfo).not.toHaveProperty('email');
  });

  it('may name claims that are unknown, or that the member has not', async () => {
    const { userinfo } = await learn(
      asked({ userinfo: { quota: { essential: true }, picture: { essential: true } } }),
    );
    expect(userinfo).toEqual({ sub: hub.member.subject });
  });

  it('brings auth_time to the ID token', async () => {
    const { idToken } = await learn(asked({ id_token: { auth_time: { essential: true } } }));
    expect(idToken.auth_time).toEqual(expect.any(Number));
  });
});

describe('a service that reads one place only', () => {
  const ASK = { scope: 'openid profile' };
  it.each([
    ['both', true, true],
    ['id_token', true, false],
    ['userinfo', false, true],
  ] as const)('and says %s gets the claims there', async (claimsIn, inIdToken, inUserinfo) => {
    const { idToken, userinfo } = await learn(ASK, await hub.newClient({ claimsIn }));
    expect('name' in idToken).toBe(inIdToken);
    expect('name' in userinfo).toBe(inUserinfo);
    expect([idToken.sub, userinfo.sub]).toEqual([hub.member.subject, hub.member.subject]);
  });

  it('gets by the claims parameter what it asks for at the other place', async () => {
    const reader = await hub.newClient({ claimsIn: 'id_token' });
    const claims = JSON.stringify({ userinfo: { name: null } });
    expect((await learn({ ...ASK, claims }, reader)).userinfo).toHaveProperty('name');
  });
});
