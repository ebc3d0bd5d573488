import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RefusedError } from '../src/domain/errors.ts';
import { groupsOfMember } from '../src/domain/groups/group-store.ts';
import { endWhatIsOver, nextEnd } from '../src/domain/memberships/end-what-is-over.ts';
import type { ChangedMember } from '../src/domain/memberships/member-change.ts';
import { findBySubject } from '../src/domain/memberships/membership-store.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { passTime } from './support/pass-time.ts';

const NEXT_YEAR = new Date(Date.now() + 365 * 86_400_000);
const YESTERDAY = new Date(Date.now() - 86_400_000);

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

const change = (...changes: ChangedMember[]) =>
  db.database.transaction((tx) =>
    saveMembers(tx, { id: community, issuerUrl: undefined }, changes, 'cli'),
  );
const refusal = (...changes: ChangedMember[]) =>
  change(...changes).then(
    () => undefined,
    (error: RefusedError) => error.code,
  );
const memberOf = (subject: string) => findBySubject(db.database, community, subject);
const eventsOf = async (subject: string) =>
  (
    await db.database.query<{ type: string; actor: string; details: Record<string, unknown> }>(
      `SELECT type, actor, details FROM events WHERE community_id = $1 AND subject = $2 AND type <> 'member.created'
       ORDER BY id`,
      [community, subject],
    )
  ).map(({ type, actor, details }) => [type, actor, details]);
const sessionsOf = async (subject: string) =>
  (await db.database.query('SELECT 1 FROM sessions WHERE subject = $1', [subject])).length;

test('a membership that is over is suspended with its sessions, and says why; an admin may let it go on', async () => {
  const [alice, bob] = [await make.buildMember(community), await make.buildMember(community)];
  await change({ subject: alice, until: NEXT_YEAR });
  await make.buildSession(community, alice);
  await make.buildSession(community, bob);
  expect(await endWhatIsOver(db.database)).toBe(0);
  await passTime(db.database, alice);
  expect(await endWhatIsOver(db.database)).toBe(1);
  expect(await memberOf(alice)).toMatchObject({ status: 'suspended', statusReason: 'ended' });
  expect(await memberOf(bob)).toMatchObject({ status: 'active' });
  expect([await sessionsOf(alice), await sessionsOf(bob)]).toEqual([0, 1]);
  expect(await eventsOf(alice)).toEqual([
    ['member.end-set', 'cli', { before: null, until: NEXT_YEAR.toISOString() }],
    ['member.ended', 'hub', {}],
  ]);
  await change({ subject: alice, statusChange: 'resume' });
  expect(await memberOf(alice)).toMatchObject({
    status: 'active',
    statusReason: null,
    until: null,
  });
});

test('a later end lets a membership go on that has ended, and none that an admin suspended', async () => {
  const [alice, bob] = [await make.buildMember(community), await make.buildMember(community)];
  await change({ subject: alice, until: NEXT_YEAR }, { subject: bob, statusChange: 'suspend' });
  await passTime(db.database, alice);
  await endWhatIsOver(db.database);
  await change({ subject: alice, until: NEXT_YEAR }, { subject: bob, until: NEXT_YEAR });
  expect(await memberOf(alice)).toMatchObject({ status: 'active', until: NEXT_YEAR });
  expect(await memberOf(bob)).toMatchObject({ status: 'suspended', statusReason: null });
});

test('whoever is called back before a worker was there has no end any more, and shows as suspended until then', async () => {
  const alice = await make.buildMember(community);
  await change({ subject: alice, until: NEXT_YEAR });
  await passTime(db.database, alice);
  expect(await memberOf(alice)).toMatchObject({ status: 'suspended', statusReason: 'ended' });
  await change({ subject: alice, statusChange: 'resume' });
  expect(await endWhatIsOver(db.database)).toBe(0);
  expect(await memberOf(alice)).toMatchObject({ status: 'active', until: null });
});

test('a role that is over is that of a plain member, and its end goes with it', async () => {
  const owner = await make.buildMember(community, { role: 'owner' });
  const admin = await make.buildMember(community, { role: 'admin', roleUntil: NEXT_YEAR });
  await change({ subject: owner, displayName: 'Ada' });
  await passTime(db.database, admin);
  await endWhatIsOver(db.database);
  expect(await memberOf(admin)).toMatchObject({
    role: 'member',
    roleUntil: null,
    status: 'active',
  });
  expect(await eventsOf(admin)).toEqual([
    ['member.role-changed', 'hub', { from: 'admin', to: 'member', because: 'ended' }],
  ]);
});

test('another role has no end unless it is given one', async () => {
  const subject = await make.buildMember(community, { role: 'admin', roleUntil: NEXT_YEAR });
  await change({ subject, role: 'owner' });
  expect(await memberOf(subject)).toMatchObject({ role: 'owner', roleUntil: null });
});

test('a place in a group is kept up to its end, and the other places stay', async () => {
  const subject = await make.buildMember(community);
  const [garden, office] = [await make.buildGroup(community), await make.buildGroup(community)];
  await change({ subject, groups: { add: [{ id: garden, until: NEXT_YEAR }, office] } });
  await passTime(db.database, subject);
  const namesNow = async () =>
    (await groupsOfMember(db.database, community, subject)).map(({ id }) => id);
  expect(await namesNow()).toEqual([office]);
  await endWhatIsOver(db.database);
  expect(await namesNow()).toEqual([office]);
  expect((await eventsOf(subject)).at(-1)).toMatchObject([
    'group.member-removed',
    'hub',
    { because: 'ended' },
  ]);
});

test('the end of a place is changed by another, taken away by none, and left by an id alone', async () => {
  const subject = await make.buildMember(community);
  const garden = await make.buildGroup(community);
  const ends = async () =>
    (
      await db.database.query('SELECT until FROM group_members WHERE subject = $1', [subject])
    )[0] as { until: Date | null };
  await change({ subject, groups: { add: [{ id: garden, until: NEXT_YEAR }] } });
  const [same] = await change({ subject, groups: { add: [garden] } });
  expect(same).toMatchObject({ added: [], redated: [] });
  expect(await ends()).toEqual({ until: NEXT_YEAR });
  const [open] = await change({ subject, groups: { add: [{ id: garden, until: null }] } });
  expect(open?.redated).toHaveLength(1);
  expect(await ends()).toEqual({ until: null });
});

test('an end in the past is refused, wherever it is given', async () => {
  const subject = await make.buildMember(community);
  const admin = await make.buildMember(community, { role: 'admin' });
  const garden = await make.buildGroup(community);
  const add = [{ id: garden, until: YESTERDAY }];
  expect(await refusal({ subject, until: YESTERDAY })).toBe('end-past');
  expect(await refusal({ subject: admin, roleUntil: YESTERDAY })).toBe('end-past');
  expect(await refusal({ subject, groups: { add } })).toBe('end-past');
  expect(await refusal({ subject, roleUntil: NEXT_YEAR })).toBe('end-of-member');
});

test('the last owner has no end, nor do two owners of whom each would wait for the other', async () => {
  const owner = await make.buildMember(community, { role: 'owner' });
  expect(await refusal({ subject: owner, until: NEXT_YEAR })).toBe('last-owner');
  expect(await refusal({ subject: owner, roleUntil: NEXT_YEAR })).toBe('last-owner');
  const other = await make.buildMember(community, { role: 'owner', roleUntil: NEXT_YEAR });
  expect(await refusal({ subject: owner, until: NEXT_YEAR })).toBe('last-owner');
  expect(await refusal({ subject: owner, role: 'member' })).toBe('last-owner');
  await change({ subject: other, roleUntil: null });
  expect(await refusal({ subject: owner, until: NEXT_YEAR })).toBeUndefined();
  expect(await refusal({ subject: other, until: NEXT_YEAR })).toBe('last-owner');
});

test('a community gets no owner with an end while it has none without', async () => {
  const newOwner = () => make.buildMember(community, { role: 'owner', until: NEXT_YEAR });
  await expect(newOwner()).rejects.toThrow('only owner');
  const subject = await make.buildMember(community, { until: NEXT_YEAR });
  expect(await refusal({ subject, role: 'owner' })).toBe('last-owner');
  await make.buildMember(community, { role: 'owner' });
  expect(await refusal({ subject, role: 'owner' })).toBeUndefined();
  await newOwner();
});

test('many workers at once end each membership once, in batches, in every community', async () => {
  const subjects: string[] = [];
  for (let place = 0; place < 3; place += 1) {
    community = await make.buildCommunity();
    for (let i = 0; i < 5; i += 1) {
      const subject = await make.buildMember(community, { until: NEXT_YEAR });
      await passTime(db.database, subject);
      subjects.push(subject);
    }
  }
  const rounds = Array.from({ length: 4 }, () => endWhatIsOver(db.database, { batch: 2 }));
  const counts = await Promise.all(rounds);
  expect(counts.reduce((sum, count) => sum + count)).toBe(15);
  const rows = await db.database.query(
    `SELECT subject FROM events WHERE type = 'member.ended' AND subject = ANY($1::uuid[])`,
    [subjects],
  );
  expect(rows).toHaveLength(15);
});

test('the next end that is to come is known, of whatever it is, and what is over is not it', async () => {
  await db.database.query('UPDATE memberships SET until = NULL, role_until = NULL');
  await db.database.query('UPDATE group_members SET until = NULL');
  expect(await nextEnd(db.database)).toBeUndefined();
  const subject = await make.buildMember(community, { role: 'admin' });
  const garden = await make.buildGroup(community);
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
  const daysToNext = async () => Math.round(((await nextEnd(db.database)) ?? 0) / 86_400_000);
  await change({ subject, until: inDays(30) });
  expect(await daysToNext()).toBe(30);
  await change({ subject, roleUntil: inDays(20) });
  expect(await daysToNext()).toBe(20);
  await change({ subject, groups: { add: [{ id: garden, until: inDays(10) }] } });
  expect(await daysToNext()).toBe(10);
  const other = await make.buildMember(community, { until: inDays(1) });
  await passTime(db.database, other);
  expect(await daysToNext()).toBe(10);
});
