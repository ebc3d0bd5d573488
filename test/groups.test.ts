import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RefusedError } from '../src/domain/errors.ts';
import { answerEntry } from '../src/domain/groups/answer-entry.ts';
import { enterGroup, leaveGroup } from '../src/domain/groups/enter-group.ts';
import { listEntryRequests, listGroups, membersOfGroup } from '../src/domain/groups/group-store.ts';
import { type GroupChange, saveGroups } from '../src/domain/groups/save-groups.ts';
import { changeMembersAs } from '../src/domain/memberships/change-members-as.ts';
import type { ChangedMember, MemberChange } from '../src/domain/memberships/member-change.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { passTime } from './support/pass-time.ts';

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

const place = () => ({ id: community, issuerUrl: 'https://hub.example/c/lieu' });
const transact = <Result>(work: (tx: Transaction) => Promise<Result>) =>
  db.database.transaction(work);
const change = (...changes: ChangedMember[]) =>
  transact((tx) => saveMembers(tx, place(), changes, 'cli'));
const changeAs = (by: string, ...changes: MemberChange[]) =>
  transact((tx) => changeMembersAs(tx, place(), changes, by));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: RefusedError) => error.code ?? error,
  );

async function newGroup(values: Omit<GroupChange, 'id'> = {}): Promise<string> {
  const id = await make.buildGroup(community);
  await transact((tx) => saveGroups(tx, community, [{ id, ...values }], 'cli'));
  return id;
}
const newMember = (role: 'member' | 'admin' | 'owner' = 'member') =>
  make.buildMember(community, { role, email: `${crypto.randomUUID()}@lieu.example` });
const enter = (groupId: string, subject: string) =>
  transact((tx) => enterGroup(tx, place(), { groupId, subject }));
const leave = (groupId: string, subject: string) =>
  transact((tx) => leaveGroup(tx, place(), { groupId, subject }));
const answer = (groupId: string, subject: string, admit: boolean, by: string) =>
  transact((tx) => answerEntry(tx, place(), { groupId, subject }, { admit, who: { by } }));
const peopleOf = async (groupId: string) =>
  (await membersOfGroup(db.database, community, groupId)).map(({ subject }) => subject);
const mails = async (template: string) =>
  (
    await db.database.query<{ to: string }>(
      `SELECT payload->>'to' AS to FROM outbox WHERE community_id = $1 AND payload->>'template' = $2`,
      [community, template],
    )
  ).length;

describe('a group', () => {
  it('is closed, without managers and for as many as come, until somebody says otherwise', async () => {
    const manager = await newMember();
    const id = await make.buildGroup(community);
    const listed = async () =>
      (await listGroups(db.database, community)).find((group) => group.id === id);
    expect(await listed()).toMatchObject({ joining: 'closed', seats: null, managers: [] });
    const changes = { id, joining: 'open', seats: 3, managers: { add: [manager] } } as const;
    const save = () => transact((tx) => saveGroups(tx, community, [changes], 'cli'));
    expect((await save())[0]?.changed).toEqual(['joining', 'seats', 'managers']);
    expect((await save())[0]?.changed).toEqual([]);
    expect(await listed()).toMatchObject({
      joining: 'open',
      seats: 3,
      managers: [expect.any(String)],
    });
    const types = await db.database.query(
      `SELECT type, subject FROM events WHERE community_id = $1 AND type LIKE 'group.%' ORDER BY id`,
      [community],
    );
    expect(types).toEqual([
      { type: 'group.created', subject: null },
      { type: 'group.updated', subject: null },
      { type: 'group.manager-added', subject: manager },
    ]);
  });

  it('that is open is entered and left by who wants; one that is closed is neither', async () => {
    const [open, closed] = [await newGroup({ joining: 'open' }), await newGroup()];
    const member = await newMember();
    expect([await enter(open, member), await enter(open, member)]).toEqual(['in', 'in']);
    expect(await peopleOf(open)).toEqual([member]);
    expect(await codeOf(enter(closed, member))).toBe('group-closed');
    await change({ subject: member, groups: { add: [closed] } });
    expect(await codeOf(leave(closed, member))).toBe('group-closed');
    expect([await leave(open, member), await leave(open, member)]).toEqual([true, false]);
    expect(await peopleOf(open)).toEqual([]);
  });

  it('lets nobody in whose membership is over or suspended', async () => {
    const open = await newGroup({ joining: 'open' });
    const [ended, suspended] = [await newMember(), await newMember()];
    await change(
      { subject: ended, until: new Date(Date.now() + 86_400_000) },
      { subject: suspended, statusChange: 'suspend' },
    );
    await passTime(db.database, ended);
    for (const subject of [ended, suspended])
      await expect(enter(open, subject)).rejects.toThrow('no member');
  });

  it('on request is entered by the answer of whoever looks after it, once', async () => {
    const manager = await newMember();
    const group = await newGroup({ joining: 'request', managers: { add: [manager] } });
    const [first, second] = [await newMember(), await newMember()];
    expect([await enter(group, first), await enter(group, first)]).toEqual([
      'requested',
      'requested',
    ]);
    await enter(group, second);
    expect(await mails('group-requested')).toBe(2);
    expect(
      (await listEntryRequests(db.database, community, [group])).map(({ subject }) => subject),
    ).toEqual([first, second]);
    const answers = await Promise.all([
      answer(group, first, true, manager),
      answer(group, first, false, manager),
    ]);
    expect(answers.sort()).toEqual([false, true]);
    await answer(group, second, false, manager);
    expect(await listEntryRequests(db.database, community)).toEqual([]);
    expect((await mails('group-request-approved')) + (await mails('group-request-refused'))).toBe(
      2,
    );
    expect(await peopleOf(group)).not.toContain(second);
  });

  it('has no request any more of who came in otherwise, or took it back', async () => {
    const group = await newGroup({ joining: 'request' });
    const [first, second] = [await newMember(), await newMember()];
    for (const subject of [first, second]) await enter(group, subject);
    await change({ subject: first, groups: { add: [group] } });
    expect(await leave(group, second)).toBe(true);
    expect(await listEntryRequests(db.database, community)).toEqual([]);
  });
});

describe('seats', () => {
  it('are never exceeded, however many come at once', async () => {
    const group = await newGroup({ joining: 'open', seats: 3 });
    const members = await Promise.all(Array.from({ length: 8 }, () => newMember()));
    const codes = await Promise.all(members.map((subject) => codeOf(enter(group, subject))));
    expect(codes.filter((code) => code === undefined)).toHaveLength(3);
    expect(new Set(codes)).toEqual(new Set([undefined, 'group-full']));
    expect(await peopleOf(group)).toHaveLength(3);
  });

  it('are freed by who goes out, has left, or whose time is over; and taken by who returns', async () => {
    const group = await newGroup({ seats: 1 });
    const [first, second] = [await newMember(), await newMember()];
    const put = (subject: string) => codeOf(change({ subject, groups: { add: [group] } }));
    const until = new Date(Date.now() + 86_400_000);
    await change({ subject: first, groups: { add: [{ id: group, until }] } });
    expect(await put(second)).toBe('group-full');
    await passTime(db.database, first);
    expect(await put(second)).toBeUndefined();
    await change({ subject: second, statusChange: 'leave' });
    expect(await put(first)).toBeUndefined();
    expect(await codeOf(change({ subject: second, statusChange: 'return' }))).toBe('group-full');
    const swap = codeOf(
      change(
        { subject: first, groups: { remove: [group] } },
        { subject: second, statusChange: 'return' },
      ),
    );
    expect(await swap).toBeUndefined();
  });

  it('that are fewer than there are people send nobody out, and let nobody in', async () => {
    const group = await newGroup();
    const members = [await newMember(), await newMember(), await newMember()];
    const [first, second, third] = members as [string, string, string];
    await change(...[first, second].map((subject) => ({ subject, groups: { add: [group] } })));
    await transact((tx) => saveGroups(tx, community, [{ id: group, seats: 1 }], 'cli'));
    expect(await peopleOf(group)).toHaveLength(2);
    expect(await codeOf(change({ subject: third, groups: { add: [group] } }))).toBe('group-full');
    expect(await codeOf(change({ subject: first, displayName: 'Ada' }))).toBeUndefined();
  });
});

describe('who may', () => {
  it('change the people of a group: its managers of this one only, admins of each, members of none', async () => {
    const [manager, admin, member] = [
      await newMember(),
      await newMember('admin'),
      await newMember(),
    ];
    const mine = await newGroup({ managers: { add: [manager] } });
    const other = await newGroup();
    const add = (by: string, group: string) =>
      codeOf(changeAs(by, { subject: member, groups: { add: [group] } }));
    expect(await add(manager, mine)).toBeUndefined();
    expect(await add(manager, other)).toBe('not-yours');
    expect(await add(member, mine)).toBeUndefined();
    expect(await add(member, other)).toBe('not-yours');
    expect(await add(admin, other)).toBeUndefined();
    const out = codeOf(changeAs(manager, { subject: member, groups: { only: [mine] } }));
    expect(await out).toBe('not-yours');
    expect(await codeOf(changeAs(manager, { subject: member, displayName: 'Eve' }))).toBe(
      'not-yours',
    );
    expect(await codeOf(changeAs(manager, { subject: member, statusChange: 'suspend' }))).toBe(
      'not-yours',
    );
  });

  it('look after no group once they have left, also when they are back', async () => {
    const manager = await newMember();
    const group = await newGroup({ managers: { add: [manager] } });
    await change({ subject: manager, statusChange: 'leave' });
    await change({ subject: manager, statusChange: 'return' });
    const member = await newMember();
    expect(await codeOf(changeAs(manager, { subject: member, groups: { add: [group] } }))).toBe(
      'not-yours',
    );
  });

  it('answer for a group: nobody but those', async () => {
    const [manager, other, asking] = [await newMember(), await newMember(), await newMember()];
    const group = await newGroup({ joining: 'request', managers: { add: [manager] } });
    await newGroup({ managers: { add: [other] } });
    await enter(group, asking);
    for (const by of [other, asking])
      expect(await codeOf(answer(group, asking, true, by))).toBe('not-yours');
    await change({ subject: manager, statusChange: 'suspend' });
    expect(await codeOf(answer(group, asking, false, manager))).toBe('not-yours');
    expect(await listEntryRequests(db.database, community)).toHaveLength(1);
  });

  it('touch an owner, make and unmake those who look after the community: an owner; set an address or a password: nobody', async () => {
    const [owner, second] = [await newMember('owner'), await newMember('owner')];
    const admin = await newMember('admin');
    const [other, member] = [await newMember('admin'), await newMember()];
    const later = new Date(Date.now() + 9e8);
    const may = async (by: string, changed: ChangedMember) =>
      (await codeOf(changeAs(by, changed))) === undefined;
    expect(await may(admin, { subject: owner, displayName: 'Eve' })).toBe(false);
    expect(await may(admin, { subject: owner, until: later })).toBe(false);
    expect(await may(admin, { subject: owner, role: 'member' })).toBe(false);
    expect(await may(admin, { subject: member, role: 'owner' })).toBe(false);
    expect(await may(admin, { subject: admin, role: 'owner' })).toBe(false);
    expect(await may(admin, { subject: other, roleUntil: later })).toBe(false);
    expect(await may(admin, { subject: other, role: 'member' })).toBe(false);
    expect(await may(admin, { subject: member, role: 'admin' })).toBe(false);
    expect(await may(admin, { subject: member, until: later })).toBe(true);
    expect(await may(owner, { subject: other, roleUntil: later })).toBe(true);
    expect(await may(owner, { subject: member, role: 'admin' })).toBe(true);
    expect(await may(owner, { subject: second, role: 'member' })).toBe(true);
    for (const by of [owner, admin]) {
      expect(await may(by, { subject: other, email: 'eve@evil.example' })).toBe(false);
      expect(await may(by, { subject: other, emailVerified: true })).toBe(false);
      expect(await may(by, { subject: other, password: { hash: 'x' } })).toBe(false);
    }
  });

  it('act by a role that is over, suspended or lost: nobody', async () => {
    const [lost, over, member] = [
      await newMember('admin'),
      await newMember('admin'),
      await newMember(),
    ];
    await change(
      { subject: over, roleUntil: new Date(Date.now() + 86_400_000) },
      { subject: lost, statusChange: 'suspend' },
    );
    await passTime(db.database, over);
    for (const by of [lost, over])
      expect(await codeOf(changeAs(by, { subject: member, displayName: 'Eve' }))).toBe('not-yours');
  });

  it('is looked at under the locks of the change: who loses the role meanwhile changes nothing', async () => {
    const owner = await newMember('owner');
    const [admin, member] = [await newMember('admin'), await newMember()];
    let acting: Promise<unknown> | undefined;
    await transact(async (tx) => {
      await changeMembersAs(tx, place(), [{ subject: admin, role: 'member' }], owner);
      acting = codeOf(changeAs(admin, { subject: member, displayName: 'Eve' }));
      await expect.poll(isSomebodyWaiting).toBe(true);
    });
    expect(await acting).toBe('not-yours');
  });
});

async function isSomebodyWaiting(): Promise<boolean> {
  const [row] = await db.database.query(
    `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock') AS waits`,
  );
  return row.waits;
}
