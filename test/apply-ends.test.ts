import { afterEach, beforeEach, expect, test } from 'vitest';
import { endWhatIsOver } from '../src/domain/memberships/end-what-is-over.ts';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { applyText, HUB } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { passTime } from './support/pass-time.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await cloneDatabase();
});
afterEach(() => db.drop());

const NEXT = new Date().getFullYear() + 1;
const FILE = HUB.replace(
  '- { name: bureau }',
  '- { name: bureau, joining: request, seats: 4, managers: [bob] }\n      - { name: jardin, joining: open }',
)
  .replace('groups: [membres, bureau]', `groups: [bureau, {name: jardin, until: ${NEXT}-06-30}]`)
  .replace(
    'password: secret-of-bob-b,',
    `password: secret-of-bob-b, role: admin, roleUntil: ${NEXT}-07-01, until: ${NEXT}-12-31T18:00:00+01:00,`,
  );

const apply = async (text: string, options = {}) =>
  formatPlan(await applyText(db.database, text, options)).split('\n');
const rows = (sql: string) => db.database.query(sql);
const faultsOf = (text: string, options = {}): Promise<string[]> =>
  applyText(db.database, text, options).then(
    () => [],
    (error) => {
      if (!(error instanceof ApplyError)) throw error;
      return error.faults.map(String);
    },
  );
const BOB = `SELECT status, role, until, role_until AS "roleUntil", subject FROM memberships WHERE username = 'bob'`;

test('a file gives members, roles and places in groups an end, and groups seats, ways in and managers', async () => {
  await apply(FILE);
  expect(await rows(BOB)).toMatchObject([
    {
      role: 'admin',
      // The whole of the day, in the zone of those who chose none.
      roleUntil: new Date(`${NEXT}-07-02T00:00:00+02:00`),
      until: new Date(`${NEXT}-12-31T18:00:00+01:00`),
    },
  ]);
  expect(
    await rows(
      `SELECT g.name, gm.until FROM group_members gm JOIN groups g ON g.id = gm.group_id
       JOIN memberships m ON m.subject = gm.subject AND m.username = 'bob' ORDER BY g.name`,
    ),
  ).toEqual([
    { name: 'bureau', until: null },
    { name: 'jardin', until: new Date(`${NEXT}-07-01T00:00:00+02:00`) },
  ]);
  expect(
    await rows(
      `SELECT g.name, g.joining, g.seats, m.username FROM groups g LEFT JOIN group_managers x ON x.group_id = g.id
       LEFT JOIN memberships m ON m.subject = x.subject ORDER BY g.name`,
    ),
  ).toEqual([
    { name: 'bureau', joining: 'request', seats: 4, username: 'bob' },
    { name: 'jardin', joining: 'open', seats: null, username: null },
    { name: 'membres', joining: 'closed', seats: null, username: null },
  ]);
  expect(await apply(FILE)).toEqual(['nothing to change']);
  expect(await apply(FILE, { prune: true })).toEqual(['nothing to change']);
});

test('each of these is a change of its own, and null takes it away', async () => {
  await apply(FILE);
  const other = FILE.replace('seats: 4, managers: [bob]', 'seats: null, managers: [alice]')
    .replace(`until: ${NEXT}-06-30`, 'until: null')
    .replace(
      `roleUntil: ${NEXT}-07-01, until: ${NEXT}-12-31T18:00:00+01:00`,
      'roleUntil: null, until: null',
    );
  expect(await apply(other, { prune: true })).toEqual([
    '~ group lamyne/bureau: seats, managers',
    '~ member lamyne/bob: until, roleUntil, groups',
    '0 added, 2 changed, 0 taken away',
  ]);
  expect(await rows(BOB)).toMatchObject([{ until: null, roleUntil: null, role: 'admin' }]);
  expect(
    await rows('SELECT username FROM group_managers JOIN memberships USING (subject)'),
  ).toEqual([{ username: 'alice' }]);
  const types = await rows(
    `SELECT type FROM events WHERE actor = 'apply' AND (type LIKE '%end-set' OR type LIKE '%manager%') ORDER BY id`,
  );
  expect(types.map(({ type }) => type)).toEqual([
    'group.manager-added',
    'member.end-set',
    'member.role-end-set',
    'group.member-end-set',
    'group.manager-added',
    'group.manager-removed',
  ]);
});

test('a file that is applied again after the ends changes nothing; another end lets a membership go on', async () => {
  await apply(FILE);
  const [bob] = await rows(BOB);
  // Both the file and what it made are ten years older by then.
  const old = FILE.replaceAll(String(NEXT), String(NEXT - 10));
  await passTime(db.database, bob.subject);
  expect(await apply(old)).toEqual(['nothing to change']);
  await endWhatIsOver(db.database);
  expect(await apply(old)).toEqual(['nothing to change']);
  expect(await apply(old, { prune: true })).toEqual(['nothing to change']);
  const active = old.replace('until: ', 'status: active, until: ');
  expect(await apply(active)).toEqual(['nothing to change']);
  expect(await rows(BOB)).toMatchObject([{ status: 'suspended', role: 'member' }]);
  await apply(FILE);
  expect(await rows(BOB)).toMatchObject([{ status: 'active', role: 'admin' }]);
});

test('what cannot be is told with its line, all at once', async () => {
  const wrong = FILE.replace('seats: 4, managers: [bob]', 'seats: 0, managers: ["b ob"]')
    .replace('joining: open', 'joining: opne')
    .replace(`until: ${NEXT}-06-30`, 'until: 2027-06-31')
    .replace(`roleUntil: ${NEXT}-07-01`, 'roleUntil: soon')
    .replace('{name: jardin', '{nmae: jardin');
  expect(await faultsOf(wrong)).toEqual([
    expect.stringMatching(/hub\.yaml:10:43 .*groups\[1\]\.seats: must be a whole number from 1/),
    expect.stringMatching(/groups\[1\]\.managers\[0\]: must have 1 to 64 letters/),
    expect.stringMatching(
      /groups\[2\]\.joining: must be one of closed, request, open \(did you mean "open"\?\)/,
    ),
    expect.stringMatching(/members\[1\]\.roleUntil: must be a day such as/),
    expect.stringMatching(/members\[1\]\.groups\[1\]\.name: is missing/),
    expect.stringMatching(
      /members\[1\]\.groups\[1\]\.nmae: is not a key here \(did you mean "name"\?\)/,
    ),
    expect.stringMatching(/members\[1\]\.groups\[1\]\.until: must be a day such as/),
  ]);
});

test('what only the hub knows is told with its line, too', async () => {
  expect(await faultsOf(FILE.replace('managers: [bob]', 'managers: [bbo]'))).toEqual([
    expect.stringMatching(
      /groups\[1\]\.managers\[0\]: names the member "bbo", who is not in this community.*did you mean "bob"/,
    ),
  ]);
  expect(await faultsOf(FILE.replace('seats: 4', 'seats: 1'))).toEqual([
    expect.stringMatching(/members\[1\]\.groups: finds no seat in the group "bureau", which has 1/),
  ]);
  expect(await faultsOf(FILE.replace('role: owner', `role: owner, until: ${NEXT}-01-01`))).toEqual([
    expect.stringMatching(
      /members\[0\]\.until: is the only owner of the community, which needs one without an end/,
    ),
  ]);
  expect(await faultsOf(FILE.replace('role: admin,', ''))).toEqual([
    expect.stringMatching(/members\[1\]\.roleUntil: is for admins and owners/),
  ]);
  expect(
    await faultsOf(FILE.replace(`until: ${NEXT}-12-31T18:00`, 'until: 2020-12-31T18:00')),
  ).toEqual([expect.stringMatching(/members\[1\]\.until: lies in the past/)]);
});
