import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../src/domain/api-tokens/api-token.ts';
import { findBearer, listApiTokens, noteUse } from '../src/domain/api-tokens/api-token-store.ts';
import { createApiToken, type TokenMaker } from '../src/domain/api-tokens/create-api-token.ts';
import { revokeApiToken } from '../src/domain/api-tokens/revoke-api-token.ts';
import { RefusedError } from '../src/domain/errors.ts';
import { setMemberRole } from '../src/domain/memberships/set-member-role.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { tokenHash } from '../src/platform/secrets/token-hash.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { runTrousseau } from './support/run-trousseau.ts';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let lieu: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  lieu = await make.buildCommunity('lieu');
});
afterAll(() => db.drop());

type Wishes = { name?: string; scopes?: Scope[]; days?: number; of?: string | undefined };

function create(by: TokenMaker, wishes: Wishes = {}) {
  const { name = 'Site', scopes = ['members:read'], days = 30 } = wishes;
  const of = 'of' in wishes ? wishes.of : lieu;
  return db.database.transaction((tx) => createApiToken(tx, of, { name, scopes, days }, by));
}
const bearerOf = (token: string) => findBearer(db.database, token);
const eventsOf = (type: string, communityId: string) =>
  db.database.query('SELECT actor, details FROM events WHERE type = $1 AND community_id = $2', [
    type,
    communityId,
  ]);

describe('a token', () => {
  test('opens what it was made for, and is kept as its hash only', async () => {
    const { id, token } = await create('cli', { scopes: ['groups:write', 'groups:read'] });
    expect(token).toMatch(/^trs_[0-9A-Za-z]{49}$/);
    expect(await bearerOf(token)).toMatchObject({
      tokenId: id,
      scopes: ['groups:read', 'groups:write'],
      community: { id: lieu, slug: 'lieu', state: 'active' },
      voucher: undefined,
    });
    const [row] = await db.database.query('SELECT * FROM api_tokens WHERE id = $1', [id]);
    expect(row.token_hash).toEqual(tokenHash(token));
    const events = await eventsOf('token.created', lieu);
    expect(JSON.stringify([row, events])).not.toContain(token);
    expect(events.at(-1)).toMatchObject({ actor: 'cli', details: { token: id, name: 'Site' } });
  });

  test('that was cut, mistyped or is of a look of its own opens nothing', async () => {
    const { token } = await create('cli');
    const other = token.at(20) === 'a' ? 'b' : 'a';
    const wrong = [
      token.slice(0, -1),
      `${token}0`,
      token.slice(0, 20) + other + token.slice(21),
      '',
      `trs_${'0'.repeat(49)}`,
    ];
    for (const text of wrong) expect([text, await bearerOf(text)]).toEqual([text, undefined]);
    expect(await bearerOf(token)).toBeDefined();
  });

  test('ends by itself, and by being revoked, at once and once', async () => {
    const [ended, revoked] = [await create('cli'), await create('cli')];
    // A token is for a day at the least: no change makes one that has ended.
    await db.database.query(
      `UPDATE api_tokens SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = $1`,
      [ended.id],
    );
    const revoke = () =>
      db.database.transaction((tx) => revokeApiToken(tx, lieu, revoked.id, 'cli'));
    expect([await revoke(), await revoke()]).toEqual([true, false]);
    expect([await bearerOf(ended.token), await bearerOf(revoked.token)]).toEqual([
      undefined,
      undefined,
    ]);
    const states = (await listApiTokens(db.database, lieu)).map(({ id, state }) => [id, state]);
    expect(states).toContainEqual([ended.id, 'expired']);
    expect(states).toContainEqual([revoked.id, 'revoked']);
  });

  test.each([
    ['without a scope', { scopes: [] }],
    ['with a scope of the hub, of a community', { scopes: ['communities:read' as const] }],
    ['with a scope of a community, of the hub', { of: undefined }],
    ['for longer than a year', { days: 366 }],
    ['for no day', { days: 0 }],
    ['without a name', { name: ' ' }],
  ])('is not made %s', async (_, wishes) => {
    await expect(create('cli', wishes)).rejects.toMatchObject({ code: 'value' });
  });

  test('notes its last use once a minute', async () => {
    const { id, token } = await create('cli');
    const used = async () =>
      (await listApiTokens(db.database, lieu)).find((one) => one.id === id)?.lastUsedAt;
    expect([(await bearerOf(token))?.isNoteDue, await used()]).toEqual([true, null]);
    await noteUse(db.database, id);
    const first = await used();
    await noteUse(db.database, id);
    expect([(await bearerOf(token))?.isNoteDue, await used()]).toEqual([false, first]);
  });
});

describe('who makes tokens', () => {
  test.each([
    ['demoted', 'admin', (tx, s) => setMemberRole(tx, lieu, s, 'member', 'cli')],
    ['suspended', 'admin', (tx, s) => setMemberStatus(tx, lieu, s, 'suspend', 'cli')],
    ['let go', 'admin', (tx, s) => setMemberStatus(tx, lieu, s, 'leave', 'cli')],
    ['an admin only', 'owner', (tx, s) => setMemberRole(tx, lieu, s, 'admin', 'cli')],
  ] as [
    string,
    'admin' | 'owner',
    (tx: Parameters<typeof setMemberRole>[0], subject: string) => Promise<unknown>,
  ][])('ends with them being %s, for good', async (_, role, change) => {
    await make.buildMember(lieu, { role: 'owner' });
    const subject = await make.buildMember(lieu, { role });
    const { id, token } = await create({ subject, role });
    expect(await bearerOf(token)).toMatchObject({ voucher: { subject, role } });
    await db.database.transaction((tx) => change(tx, subject));
    expect(await bearerOf(token)).toBeUndefined();
    await db.database.query(
      `UPDATE memberships SET role = $2, status = 'active' WHERE subject = $1`,
      [subject, role],
    );
    expect(await bearerOf(token)).toBeUndefined();
    const revoked = await eventsOf('token.revoked', lieu);
    expect(revoked.map(({ details }) => details)).toContainEqual({
      token: id,
      name: 'Site',
      because: 'role-lost',
    });
  });

  test('is not a member, nor an admin who says that they are an owner', async () => {
    const member = await make.buildMember(lieu);
    const admin = await make.buildMember(lieu, { role: 'admin' });
    for (const by of [
      { subject: member, role: 'admin' as const },
      { subject: admin, role: 'owner' as const },
    ])
      await expect(create(by)).rejects.toMatchObject({ code: 'role' });
  });

  test('has at most 50 that are good at once, also when they are made at once', async () => {
    const of = await make.buildCommunity();
    const made = await Promise.allSettled(Array.from({ length: 54 }, () => create('cli', { of })));
    const refused = made.filter(({ status }) => status === 'rejected');
    expect(refused.map((one) => (one as PromiseRejectedResult).reason)).toEqual(
      Array.from({ length: 4 }, () => expect.any(RefusedError)),
    );
  });
});

test('the commands make, list and end tokens of a community and of the hub', async () => {
  const env = {
    DATABASE_URL: db.url,
    TROUSSEAU_URL: 'https://hub.example',
    TROUSSEAU_SECRET: 'a-sealing-key-of-more-than-32-characters',
  };
  for (const whose of [[], ['--community', 'lieu']]) {
    const scope = whose.length === 0 ? 'communities:read' : 'members:read';
    const run = (...args: string[]) => runTrousseau(['token', ...args, ...whose, '--json'], env);
    const made = await run('create', '--name', 'Robot', '--scope', scope);
    const { id, token } = JSON.parse(made.out);
    expect(await bearerOf(token)).toMatchObject({ tokenId: id });
    const listed = await run('list');
    expect(JSON.parse(listed.out)).toContainEqual(expect.objectContaining({ id, name: 'Robot' }));
    expect(listed.out).not.toContain(token);
    expect(JSON.parse((await run('revoke', id)).out)).toEqual({ id, changed: true });
    expect(await bearerOf(token)).toBeUndefined();
    expect(await run('revoke', lieu)).toMatchObject({ code: 1 });
  }
});
