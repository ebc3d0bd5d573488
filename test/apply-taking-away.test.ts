import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openOperatorSession } from '../src/domain/operators/operator-session.ts';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { applyText, HUB } from './support/apply-text.ts';
import { decideAccess } from './support/belongings.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await cloneDatabase();
});
afterEach(() => db.drop());

const apply = (text: string, options = {}) => applyText(db.database, text, options);
const rows = (sql: string) => db.database.query(sql);

async function faultsOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ApplyError);
  return (error as ApplyError).faults.join('\n');
}

/** Signs a member in, as far as rows tell: a session at the wiki, and a refresh token. */
async function signIn(username: string): Promise<void> {
  await db.database.query(
    `INSERT INTO sessions (community_id, id_hash, uid, subject, issuer, payload, expires_at)
     SELECT community_id, sha256(username::bytea), username, subject, 'https://hub.example/c/lamyne',
       '{"authorizations": {"wiki": {"sid": "sid-1"}}}', now() + '1 hour' FROM memberships WHERE username = $1`,
    [username],
  );
  await db.database.query(
    `INSERT INTO oidc_artifacts (community_id, kind, id_hash, subject, client_id, payload)
     SELECT community_id, 'RefreshToken', sha256(username::bytea), subject, 'wiki', '{}' FROM memberships WHERE username = $1`,
    [username],
  );
}
async function signedIn(): Promise<string[]> {
  const list = await rows(`SELECT m.username FROM memberships m
    WHERE EXISTS (SELECT FROM sessions s WHERE s.subject = m.subject) AND EXISTS (SELECT FROM oidc_artifacts a WHERE a.subject = m.subject)
    ORDER BY 1`);
  return list.map((row) => row.username);
}

const HUB_WITH_LOGOUT = HUB.replace(
  'client: { id',
  'client: { backchannelLogoutUri: https://wiki.example/logout, id',
);

describe('what is taken away ends at once', () => {
  beforeEach(async () => {
    await apply(HUB_WITH_LOGOUT);
    await signIn('alice');
    await signIn('bob');
    expect(await signedIn()).toEqual(['alice', 'bob']);
  });

  test.each([
    ['suspension', HUB.replace('name: Bob,', 'name: Bob, status: suspended,'), false],
    ['another password', HUB.replace('secret-of-bob-b', 'secret-of-bob-2'), false],
    [
      'a group less, with --prune',
      HUB.replace('groups: [membres, bureau]', 'groups: [membres]'),
      true,
    ],
    ['no longer being named, with --prune', HUB.replace(/ {6}- \{ username: bob.*\n/, ''), true],
  ])(
    '%s ends the sessions and tokens of that member, and tells the apps',
    async (_name, text, prune) => {
      await apply(text, { prune });
      expect(await signedIn()).toEqual(['alice']);
      expect(await rows(`SELECT payload FROM outbox WHERE kind = 'backchannel-logout'`)).toEqual([
        { payload: expect.objectContaining({ clientId: 'wiki', sid: 'sid-1' }) },
      ]);
    },
  );

  test('another role ends sessions, and another name does not', async () => {
    await apply(HUB.replace('name: Bob,', 'name: Robert, role: owner,'));
    expect(await signedIn()).toEqual(['alice']);
    await signIn('bob');
    await apply(
      HUB.replace('role: owner', 'role: member').replace('name: Bob,', 'name: Bob, role: owner,'),
    );
    expect(await signedIn()).toEqual(['bob']);
  });

  test('a group that is no longer inside another ends the sessions of those in it', async () => {
    await apply(
      HUB.replace('{ name: membres, groups: [bureau] }', '{ name: membres, groups: [] }').replace(
        'groups: [membres, bureau]',
        'groups: [membres]',
      ),
    );
    expect(await signedIn()).toEqual(['alice', 'bob']);
    await apply(
      HUB.replace('{ name: membres, groups: [bureau] }', '{ name: membres, groups: [] }'),
      { prune: true },
    );
    expect(await signedIn()).toEqual([]);
  });

  const LOGOUT = { payload: expect.objectContaining({ clientId: 'wiki', sid: 'sid-1' }) };
  const holders = () =>
    rows(`SELECT m.username FROM oidc_artifacts a JOIN memberships m ON m.subject = a.subject`);
  const atTheWiki = () =>
    rows(`SELECT m.username FROM sessions s JOIN memberships m ON m.subject = s.subject
    WHERE s.payload -> 'authorizations' ? 'wiki'`);

  test('a narrower access rule takes the app from those whom it lets in no longer, and from them alone', async () => {
    const [bob] = await rows(`SELECT s.community_id AS "communityId", s.id AS "serviceId", m.subject
      FROM services s, memberships m WHERE m.username = 'bob'`);
    await decideAccess(db.database, bob.communityId, bob);
    await apply(HUB_WITH_LOGOUT.replace('access: { groups: [membres] }', 'access: approval'));
    expect(await holders()).toEqual([{ username: 'bob' }]);
    expect(await atTheWiki()).toEqual([{ username: 'bob' }]);
    expect(await rows('SELECT payload FROM outbox')).toEqual([LOGOUT]);
  });

  test('whoever is in a group through another one keeps the app', async () => {
    const inMembres = HUB_WITH_LOGOUT.replace('groups: [membres, bureau]', 'groups: [membres]');
    await apply(inMembres, { prune: true });
    await signIn('bob');
    await apply(inMembres.replace('access: { groups: [membres] }', 'access: everyone'));
    await apply(inMembres);
    expect(await holders()).toHaveLength(2);
    await apply(inMembres.replace('access: { groups: [membres] }', 'access: { groups: [bureau] }'));
    expect(await holders()).toEqual([{ username: 'alice' }]);
  });

  test('a service that goes takes every token of its app, and tells it of each member', async () => {
    // As above, what the provider keeps: of an app that came for itself.
    await rows(
      `INSERT INTO oidc_artifacts (community_id, kind, id_hash, client_id, payload) SELECT id, 'ClientCredentials', 'x', 'wiki', '{}' FROM communities`,
    );
    await apply(HUB.replace(/services:[\s\S]*/, 'services: []'), { prune: true });
    expect(await rows('SELECT kind FROM oidc_artifacts')).toEqual([]);
    expect(await rows('SELECT slug FROM services')).toEqual([]);
    expect(await rows('SELECT payload FROM outbox')).toEqual([LOGOUT, LOGOUT]);
  });

  test('another client id takes what was issued to the old one', async () => {
    await apply(HUB_WITH_LOGOUT.replace('id: wiki', 'id: wiki-2'));
    expect(await rows('SELECT kind FROM oidc_artifacts')).toEqual([]);
    expect(await rows('SELECT client_id FROM service_clients')).toEqual([{ client_id: 'wiki-2' }]);
  });

  test('a community that is archived has no session left', async () => {
    const plan = await apply('version: 1\ncommunities: []\n', { prune: true });
    expect(formatPlan(plan)).toBe('- community lamyne: archived\n0 added, 0 changed, 1 taken away');
    expect(await signedIn()).toEqual([]);
  });

  test('neither has one that was frozen before', async () => {
    const inState = (state: string) => HUB.replace('La MYNE', `La MYNE\n    state: ${state}`);
    await apply(inState('frozen'));
    expect(await signedIn()).toEqual(['alice', 'bob']);
    await apply(inState('archived'));
    expect(await signedIn()).toEqual([]);
  });

  test("an operator's new password ends their sessions", async () => {
    const [operator] = await rows('SELECT id FROM operators');
    await db.database.transaction((tx) =>
      openOperatorSession(tx, operator.id, ['pwd'], { passwordHash: 'none' }),
    );
    await apply(HUB.replace('first-operator', 'second-operator'));
    expect(await rows('SELECT * FROM operator_sessions')).toEqual([]);
  });
});

describe('--prune', () => {
  const SMALLER = `version: 1
operators:
  - { email: ops@hub.example }
communities:
  - slug: lamyne
    name: La MYNE
    groups: [{ name: bureau }]
    members: [{ username: alice, name: Alice Martin, groups: [] }]
    services: []
`;

  test('without it nothing is taken away; with it, what the lists do not name', async () => {
    await apply(HUB);
    expect(formatPlan(await apply(SMALLER))).toBe('nothing to change');
    expect(formatPlan(await apply(SMALLER, { prune: true }))).toBe(`~ member lamyne/alice: groups
- member lamyne/bob: left
- service lamyne/wiki
- group lamyne/membres
0 added, 1 changed, 3 taken away`);
    expect(await rows('SELECT username, status FROM memberships ORDER BY 1')).toEqual([
      { username: 'alice', status: 'active' },
      { username: 'bob', status: 'left' },
    ]);
    expect(formatPlan(await apply(SMALLER, { prune: true }))).toBe('nothing to change');
  });

  test('a list that the file does not have is left alone', async () => {
    await apply(HUB);
    expect(
      formatPlan(
        await apply('version: 1\ncommunities: [{ slug: lamyne, name: La MYNE }]\n', {
          prune: true,
        }),
      ),
    ).toBe('nothing to change');
  });

  test('who has left keeps their subject, and comes back only when the file says so', async () => {
    await apply(HUB);
    const subject = await rows(`SELECT subject FROM memberships WHERE username = 'bob'`);
    await apply(SMALLER, { prune: true });
    const named = SMALLER.replace('groups: [] }', 'groups: [] }, { username: bob, name: Bob }');
    expect(formatPlan(await apply(named))).toContain('! lamyne/bob has left, and stays so');
    await apply(named.replace('name: Bob', 'name: Bob, status: active'));
    expect(
      await rows(`SELECT subject FROM memberships WHERE username = 'bob' AND status = 'active'`),
    ).toEqual(subject);
  });

  test('the last operator cannot be taken away', async () => {
    await apply(HUB);
    expect(await faultsOf(apply('version: 1\noperators: []\n', { prune: true }))).toContain(
      'would leave the hub without an operator',
    );
    const plan = await apply(
      'version: 1\noperators: [{ email: new@hub.example, password: another-operator }]\n',
      { prune: true },
    );
    expect(formatPlan(plan)).toContain('- operator ops@hub.example');
  });

  test('a circle of groups that only the hub and the file make together is a fault', async () => {
    await apply(HUB);
    const turned =
      'version: 1\ncommunities: [{ slug: lamyne, name: La MYNE, groups: [{ name: membres, groups: [] }, { name: bureau, groups: [membres] }] }]\n';
    expect(await faultsOf(apply(turned))).toContain(
      'goes round in a circle with what the hub already has',
    );
    await apply(turned, { prune: true });
  });
});
