import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { setCommunityState } from '../src/domain/communities/set-community-state.ts';
import { RefusedError } from '../src/domain/errors.ts';
import { groupsOfMember, listGroups, subjectsInGroups } from '../src/domain/groups/group-store.ts';
import { addMember } from '../src/domain/memberships/add-member.ts';
import {
  countMembers,
  findByLogin,
  findBySubject,
  listMembers,
} from '../src/domain/memberships/membership-store.ts';
import { removeFromGroup } from '../src/domain/memberships/remove-from-group.ts';
import { renameMember } from '../src/domain/memberships/rename-member.ts';
import { setMemberRole } from '../src/domain/memberships/set-member-role.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { checkPassword, hashPassword } from '../src/domain/people/password.ts';
import { generatePassword, passwordFault } from '../src/domain/people/password-rule.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { addToGroup } from './support/add-to-group.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { nestGroup, unnestGroup } from './support/nest-group.ts';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let community: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
});
beforeEach(async () => {
  community = await make.buildCommunity();
});
afterAll(() => db.drop());

const change = <Result>(work: (tx: Transaction) => Promise<Result>) =>
  db.database.transaction(work);

async function count(table: string, where = 'true', params: unknown[] = []): Promise<number> {
  const [row] = await db.database.query(
    `SELECT count(*)::int AS n FROM ${table} WHERE community_id = $1 AND ${where}`,
    [community, ...params],
  );
  return row.n;
}

async function eventTypes(subject: string): Promise<string[]> {
  const rows = await db.database.query(
    'SELECT type FROM events WHERE community_id = $1 AND subject = $2 ORDER BY id',
    [community, subject],
  );
  return rows.map((row) => row.type);
}

/**
 * Two changes of which the second comes while the first is not committed yet: the first waits until the
 * second is done or stands at a lock.
 */
async function atOnce<Result>(
  one: (tx: Transaction) => Promise<Result>,
  other: () => Promise<unknown>,
): Promise<{ first: Result; second: PromiseSettledResult<unknown> | undefined }> {
  let running: Promise<PromiseSettledResult<unknown>[]> | undefined;
  const first = await change(async (tx) => {
    const result = await one(tx);
    let settled = false;
    running = Promise.allSettled([other()]);
    void running.then(() => {
      settled = true;
    });
    while (!settled && !(await isSomebodyWaiting())) await setImmediate();
    return result;
  });
  return { first, second: (await running)?.[0] };
}

async function isSomebodyWaiting(): Promise<boolean> {
  const rows = await db.database.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

/** A member who is signed in to a service that listens for logouts. */
async function signedInMember(member = {}) {
  const subject = await make.buildMember(community, member);
  const { clientId } = await make.buildService(community);
  await make.buildSession(community, subject, [clientId]);
  return { subject, clientId };
}

/** Everything that the member's sign-in left is gone, and the service is to be told. */
async function expectSignedOut({ subject, clientId }: { subject: string; clientId: string }) {
  expect(await count('sessions', 'subject = $2', [subject])).toBe(0);
  expect(await count('oidc_artifacts', 'subject = $2', [subject])).toBe(0);
  expect(await count('outbox', `payload ->> 'clientId' = $2`, [clientId])).toBe(1);
}

test('a member is found by subject, by username without case or form, and by address', async () => {
  const subject = await make.buildMember(community, {
    username: 'Élodie',
    email: 'Elodie@lieu.example',
    emailVerified: true,
  });
  const found = await Promise.all([
    findBySubject(db.database, community, subject),
    findByLogin(db.database, community, 'E\u0301LODIE'),
    findByLogin(db.database, community, ' élodie '),
    findByLogin(db.database, community, 'ELODIE@lieu.example'),
  ]);
  for (const member of found) expect(member).toMatchObject({ subject, username: 'Élodie' });
  expect(await findByLogin(db.database, community, 'elodie@lieu.examplE.org')).toBeUndefined();
});

test('a list gives every member once, page by page, and searches names and addresses as text', async () => {
  const names = ['aline', 'bruno', 'chloe', 'denis', 'elsa'];
  for (const username of names) {
    await make.buildMember(community, { username, displayName: `${username} 100%_sûre` });
  }
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await listMembers(db.database, community, { limit: 2, ...(after && { after }) });
    expect(page.members.length).toBeLessThanOrEqual(2);
    seen.push(...page.members.map((member) => member.username));
    after = page.next;
  } while (after !== undefined);
  expect(seen).toEqual(names);
  const search = (text: string) => countMembers(db.database, community, { search: text });
  expect(await search('BRUN')).toBe(1);
  expect(await search('100%_')).toBe(5);
  expect(await search('%a%')).toBe(0);
  expect(await countMembers(db.database, community, { status: 'suspended' })).toBe(0);
});

test.each([
  ['two words', 'username-shape'],
  ['al@ice', 'username-shape'],
  ['Admin', 'username-reserved'],
])('the username "%s" is refused, and nobody is made', async (username, code) => {
  const before = await db.database.query('SELECT count(*) FROM persons');
  const add = change((tx) => addMember(tx, community, { username, displayName: 'X' }, 'cli'));
  await expect(add).rejects.toMatchObject({ code });
  expect(await db.database.query('SELECT count(*) FROM persons')).toEqual(before);
});

test('a username or an address is taken once in a community, even by two at the same instant', async () => {
  const add = (username: string, email?: string) =>
    change((tx) =>
      addMember(tx, community, { username, displayName: 'X', ...(email && { email }) }, 'cli'),
    );
  const { first, second } = await atOnce(
    (tx) => addMember(tx, community, { username: 'alice', displayName: 'X' }, 'cli'),
    () => add('ALICE'),
  );
  expect(first).toEqual(expect.any(String));
  expect(second).toMatchObject({ reason: expect.any(RefusedError) });
  await add('bob', 'bob@lieu.example');
  await expect(add('robert', 'BOB@lieu.example')).rejects.toMatchObject({ code: 'email-taken' });
});

test('the same address in two communities makes two persons', async () => {
  const other = await make.buildCommunity();
  const email = 'ana@lieu.example';
  const [one, two] = [
    await make.buildMember(community, { email }),
    await make.buildMember(other, { email }),
  ];
  const persons = [
    (await findBySubject(db.database, community, one))?.personId,
    (await findBySubject(db.database, other, two))?.personId,
  ];
  expect(new Set(persons).size).toBe(2);
});

test('a rename keeps the subject and the sessions, and a taken name changes nothing', async () => {
  const { subject } = await signedInMember({ username: 'alice' });
  await make.buildMember(community, { username: 'bob' });
  expect(await change((tx) => renameMember(tx, community, subject, 'Alix', 'cli'))).toBe(true);
  expect(await findByLogin(db.database, community, 'alix')).toMatchObject({ subject });
  expect(await findByLogin(db.database, community, 'alice')).toBeUndefined();
  expect(await count('sessions')).toBe(1);
  await expect(
    change((tx) => renameMember(tx, community, subject, 'BOB', 'cli')),
  ).rejects.toMatchObject({ code: 'username-taken' });
  expect(await eventTypes(subject)).toEqual(['member.created', 'member.renamed']);
});

test.each([['suspend'], ['leave']] as const)(
  'to %s ends sessions and tokens and tells the services',
  async (verb) => {
    const member = await signedInMember();
    expect(await change((tx) => setMemberStatus(tx, community, member.subject, verb, 'cli'))).toBe(
      true,
    );
    await expectSignedOut(member);
    expect(await change((tx) => setMemberStatus(tx, community, member.subject, verb, 'cli'))).toBe(
      false,
    );
    expect(await eventTypes(member.subject)).toHaveLength(2);
  },
);

test('a suspended member is resumed; one who left is not', async () => {
  const subject = await make.buildMember(community);
  const set = (verb: 'suspend' | 'resume' | 'leave') =>
    change((tx) => setMemberStatus(tx, community, subject, verb, 'cli'));
  await set('suspend');
  expect(await set('resume')).toBe(true);
  await set('leave');
  await expect(set('resume')).rejects.toMatchObject({ code: 'state' });
  expect((await findBySubject(db.database, community, subject))?.status).toBe('left');
});

test('a new password ends the sessions that the person has in every community', async () => {
  const member = await signedInMember();
  const other = await make.buildCommunity();
  const elsewhere = await make.buildMember(other);
  const person = (await findBySubject(db.database, community, member.subject))?.personId;
  await db.database.query('UPDATE memberships SET person_id = $2 WHERE subject = $1', [
    elsewhere,
    person,
  ]);
  await make.buildSession(other, elsewhere);
  const password = generatePassword();
  expect(passwordFault(password)).toBeUndefined();
  const hash = await hashPassword(password);
  await change((tx) => setPassword(tx, community, member.subject, hash, 'cli'));
  await expectSignedOut(member);
  expect(await db.database.query('SELECT 1 FROM sessions WHERE subject = $1', [elsewhere])).toEqual(
    [],
  );
  const [row] = await db.database.query('SELECT password_hash FROM persons WHERE id = $1', [
    person,
  ]);
  expect((await checkPassword(row.password_hash, password)).matches).toBe(true);
  expect(JSON.stringify(await db.database.query('SELECT * FROM events'))).not.toContain(hash);
});

test('a new role ends the sessions, the same role nothing', async () => {
  const member = await signedInMember();
  const set = (role: 'member' | 'admin') =>
    change((tx) => setMemberRole(tx, community, member.subject, role, 'cli'));
  expect(await set('member')).toBe(false);
  expect(await count('sessions')).toBe(1);
  expect(await set('admin')).toBe(true);
  await expectSignedOut(member);
});

test('leaving a group ends the sessions; joining one does not', async () => {
  const member = await signedInMember();
  const place = { groupId: await make.buildGroup(community, 'Bureau'), subject: member.subject };
  expect(await change((tx) => addToGroup(tx, community, place, 'cli'))).toBe(true);
  expect(await change((tx) => addToGroup(tx, community, place, 'cli'))).toBe(false);
  expect(await count('sessions')).toBe(1);
  expect(await change((tx) => removeFromGroup(tx, community, place, 'cli'))).toBe(true);
  await expectSignedOut(member);
  expect(await eventTypes(member.subject)).toEqual([
    'member.created',
    'group.member-added',
    'group.member-removed',
  ]);
});

test('a member is in the groups around their own, and unnesting takes that away with their sessions', async () => {
  const member = await signedInMember();
  const [bureau, team, all] = [
    await make.buildGroup(community, 'bureau'),
    await make.buildGroup(community, 'équipe'),
    await make.buildGroup(community, 'tous'),
  ];
  await change(async (tx) => {
    await addToGroup(tx, community, { groupId: bureau, subject: member.subject }, 'cli');
    await nestGroup(tx, community, { parentId: team, childId: bureau }, 'cli');
    await nestGroup(tx, community, { parentId: all, childId: team }, 'cli');
  });
  const groups = await groupsOfMember(db.database, community, member.subject);
  expect(groups.map(({ name, direct }) => [name, direct])).toEqual([
    ['bureau', true],
    ['tous', false],
    ['équipe', false],
  ]);
  expect(await subjectsInGroups(db.database, community, [all])).toEqual([member.subject]);
  expect(await listGroups(db.database, community)).toMatchObject([
    { name: 'bureau', members: 1, children: [] },
    { name: 'tous', members: 0, children: ['équipe'] },
    { name: 'équipe', members: 0, children: ['bureau'] },
  ]);
  expect(
    await change((tx) => unnestGroup(tx, community, { parentId: all, childId: team }, 'cli')),
  ).toBe(true);
  await expectSignedOut(member);
  expect(await subjectsInGroups(db.database, community, [all])).toEqual([]);
});

test('groups cannot be nested in a circle, not even by two changes at once', async () => {
  const [a, b, c] = [
    await make.buildGroup(community),
    await make.buildGroup(community),
    await make.buildGroup(community),
  ];
  const nest = (parentId: string, childId: string) =>
    change((tx) => nestGroup(tx, community, { parentId, childId }, 'cli'));
  const { second } = await atOnce(
    (tx) => nestGroup(tx, community, { parentId: a, childId: b }, 'cli'),
    () => nest(b, a),
  );
  expect(second).toMatchObject({ reason: { code: 'group-cycle' } });
  await nest(b, c);
  await expect(nest(c, a)).rejects.toMatchObject({ code: 'group-cycle' });
});

test('the questions about groups end even where the data has a circle', async () => {
  const [a, b] = [await make.buildGroup(community), await make.buildGroup(community)];
  const subject = await make.buildMember(community, { groupIds: [a] });
  await db.database.query(
    'INSERT INTO group_nestings (community_id, parent_id, child_id) VALUES ($1, $2, $3), ($1, $3, $2)',
    [community, a, b],
  );
  expect(await groupsOfMember(db.database, community, subject)).toHaveLength(2);
  expect(await subjectsInGroups(db.database, community, [b])).toEqual([subject]);
});

test('a community is frozen, archived with an end to all sessions, and activated again', async () => {
  const member = await signedInMember();
  const set = (verb: 'freeze' | 'archive' | 'activate') =>
    change((tx) => setCommunityState(tx, community, verb, 'cli'));
  expect(await set('freeze')).toBe(true);
  expect(await count('sessions')).toBe(1);
  expect(await set('archive')).toBe(true);
  await expectSignedOut(member);
  await expect(set('freeze')).rejects.toMatchObject({ code: 'state' });
  expect(await set('activate')).toBe(true);
  expect(await set('activate')).toBe(false);
  await db.database.query(`UPDATE communities SET state = 'moved' WHERE id = $1`, [community]);
  await expect(set('activate')).rejects.toThrow(/it is moved/);
});
