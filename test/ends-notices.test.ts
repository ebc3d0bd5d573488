import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { tellAdminsOfEnds, tellMembersOfEnds } from '../src/domain/ends/tell-of-ends.ts';
import type { ChangedMember, NewMember } from '../src/domain/memberships/member-change.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import type { MailLine } from '../src/domain/notices/mail.ts';
import { createMailRenderer } from '../src/pages/mails/render-mail.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { buildCommunity, buildGroup, buildMember, changeCommunity } from './support/factories.ts';

const HUB = new URL('https://hub.example');
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);

let db: TestDatabase;
let community: { id: string; slug: string };

beforeAll(async () => {
  db = await cloneDatabase();
});
beforeEach(async () => {
  community = await buildCommunity(db.database);
});
afterAll(() => db.drop());

const newMember = (values: Partial<NewMember> = {}) =>
  buildMember(db.database, community.id, values);
const change = (member: ChangedMember) =>
  db.database.transaction((tx) =>
    saveMembers(tx, { id: community.id, issuerUrl: undefined }, [member], 'cli'),
  );

type Sent = { to: string; lines: MailLine[]; left?: number };
async function sent(template: string): Promise<Sent[]> {
  const rows = await db.database.query<{ to: string; data: Omit<Sent, 'to'> }>(
    `SELECT payload->>'to' AS to, payload->'data' AS data FROM outbox
     WHERE community_id = $1 AND payload->>'template' = $2 ORDER BY id`,
    [community.id, template],
  );
  return rows.map(({ to, data }) => ({ to, ...data }));
}
const tell = () => tellMembersOfEnds(db.database, HUB);

/** As if the ends had come nearer: what was told of is told of the same ends. */
async function daysPass(days: number): Promise<void> {
  for (const [table, columns] of [
    ['memberships', ['until', 'role_until']],
    ['group_members', ['until']],
    ['end_notices', ['ends_at']],
    ['end_digests', ['sent_at']],
  ] as const)
    await db.database.query(
      `UPDATE ${table} SET ${columns.map((one) => `${one} = ${one} - $2 * interval '1 day'`).join(', ')}
       WHERE community_id = $1`,
      [community.id, days],
    );
}

test('a member is written to 30, 7 and 1 days before an end, once each, whoever comes back to it', async () => {
  const member = await newMember({ until: inDays(40) });
  const told: number[] = [];
  for (const days of [0, 10.5, 1, 22, 1, 5, 0.3]) {
    await daysPass(days);
    await Promise.all([tell(), tell(), tell()]);
    await tell();
    told.push((await sent('ends-near')).length);
  }
  expect(told).toEqual([0, 1, 1, 2, 2, 3, 3]);
  expect((await sent('ends-near'))[0]).toMatchObject({ to: member.email });
});

test('all that ends for a member at once is one message', async () => {
  const garden = await buildGroup(db.database, community.id, 'jardin');
  await newMember({
    role: 'admin',
    until: inDays(20),
    roleUntil: inDays(5),
    groupIds: [{ id: garden.id, until: inDays(0.5) }],
  });
  expect(await tell()).toBe(3);
  const [message, ...others] = await sent('ends-near');
  expect(others).toEqual([]);
  expect(message?.lines.map(({ kind, group }) => group ?? kind)).toEqual([
    'jardin',
    'admin',
    'membership',
  ]);
});

test('an end that comes near at once is told of once, not for every day that was missed', async () => {
  await newMember({ until: inDays(0.9) });
  expect([await tell(), await tell()]).toEqual([1, 0]);
});

test('another end is told of anew, and so is one that comes back', async () => {
  const [first, second] = [inDays(20), inDays(25)];
  const { subject } = await newMember({ until: first });
  const counts = [await tell()];
  for (const until of [second, first, first]) {
    await change({ subject, until });
    counts.push(await tell());
  }
  expect(counts).toEqual([1, 1, 1, 0]);
});

test('nobody is told of an end that opens nothing: of who is suspended, of a community that is frozen', async () => {
  const { subject } = await newMember({ until: inDays(3) });
  await change({ subject, statusChange: 'suspend' });
  await newMember({ until: inDays(3), status: 'requested' });
  expect(await tell()).toBe(0);
  await newMember({ until: inDays(3) });
  await changeCommunity({ database: db.database, url: HUB.href }, community, { state: 'frozen' });
  expect(await tell()).toBe(0);
});

test('admins get one message a day of all that is near, and none without anything new', async () => {
  const admin = await newMember({ role: 'owner' });
  const other = await newMember({ role: 'admin' });
  for (const days of [3, 6, 29]) await newMember({ until: inDays(days) });
  const tellAdmins = () =>
    Promise.all([tellAdminsOfEnds(db.database, HUB), tellAdminsOfEnds(db.database, HUB)]);
  await tellAdmins();
  await newMember({ until: inDays(2.5) });
  await tellAdmins();
  const first = await sent('ends-digest');
  expect(first.map(({ to }) => to).sort()).toEqual([admin.email, other.email].sort());
  expect(first[0]?.lines).toHaveLength(3);
  await daysPass(1);
  await tellAdmins();
  const next = (await sent('ends-digest')).slice(2);
  // The new one; and the one of whose last day it is said the day before.
  expect(next[0]?.lines).toHaveLength(2);
  await daysPass(0.99);
  await tellAdmins();
  expect((await sent('ends-digest')).length).toBe(4);
});

test('a message to admins names fifty, and counts the others', async () => {
  await newMember({ role: 'owner' });
  for (let i = 0; i < 53; i += 1) await newMember({ until: inDays(3), passwordHash: 'x' });
  await tellAdminsOfEnds(db.database, HUB);
  const [message] = await sent('ends-digest');
  expect([message?.lines.length, message?.left]).toEqual([50, 3]);
});

test("tells the last day on which it holds, in the reader's language and zone", () => {
  const lines: MailLine[] = [
    { kind: 'membership', displayName: 'Zoé', until: '2027-06-30T22:00:00.000Z' },
    { kind: 'group', displayName: 'Zoé', group: 'jardin', until: '2027-06-30T10:00:00.000Z' },
  ];
  const community = { name: 'La MYNE', accent: null, logoUrl: undefined, contactEmail: null };
  const render = (locale: 'fr' | 'en', template: 'ends-near' | 'ends-digest', left?: number) =>
    createMailRenderer()
      .render({
        template,
        locale,
        community,
        data: { zone: 'Europe/Paris', lines, ...(left && { left }) },
        url: 'https://hub.example/account',
      })
      .text.replaceAll('\u00a0', ' ');
  expect(render('fr', 'ends-near')).toContain(
    '- Votre compte est ouvert jusqu’au 30 juin 2027.\n- Vous faites partie du groupe jardin jusqu’au 30 juin 2027.\n',
  );
  expect(render('en', 'ends-near')).toContain('- Your account is open until 30 June 2027.\n');
  expect(render('fr', 'ends-digest', 3)).toContain('- et 3 de plus\n');
});
