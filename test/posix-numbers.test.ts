import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RefusedError } from '../src/domain/errors.ts';
import { addMember } from '../src/domain/memberships/add-member.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { givePosixNumbers } from '../src/domain/posix/give-posix-numbers.ts';
import { savePosixSettings } from '../src/domain/posix/save-posix-settings.ts';
import { openDatabase, type Transaction } from '../src/platform/database/database.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let nextFirst = 10_000;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
});
afterAll(() => db.drop());

const change = <Result>(work: (tx: Transaction) => Promise<Result>) =>
  db.database.transaction(work);

/** A community with a group and POSIX accounts on. As rows: the change would number the group at once. */
async function buildPosix(count = 100) {
  const id = await make.buildCommunity();
  const groupId = await make.buildGroup(id, 'membres');
  const first = nextFirst;
  nextFirst += count;
  await db.database.query('INSERT INTO posix_ranges VALUES ($1, $2, $3, $2)', [id, first, count]);
  await db.database.query('UPDATE communities SET posix_primary_group_id = $2 WHERE id = $1', [
    id,
    groupId,
  ]);
  return { id, groupId, first, count };
}

async function numberOf(subject: string): Promise<number | null> {
  const [row] = await db.database.query('SELECT uid_number FROM memberships WHERE subject = $1', [
    subject,
  ]);
  return row.uid_number;
}

describe('a community without POSIX accounts', () => {
  test('gives no numbers', async () => {
    const id = await make.buildCommunity();
    expect(await numberOf(await make.buildMember(id))).toBeNull();
  });
});

describe('a number (row 8)', () => {
  test('comes to every group and active member who was there, groups first, in the order in which they came', async () => {
    const id = await make.buildCommunity();
    const subjects = [await make.buildMember(id), await make.buildMember(id)];
    const waiting = await make.buildMember(id, { status: 'requested' });
    const group = await make.buildGroup(id);
    const first = nextFirst;
    nextFirst += 10;
    const posix = { firstNumber: first, count: 10, primaryGroupId: group };
    await change((tx) => savePosixSettings(tx, id, posix, 'cli'));
    const [row] = await db.database.query('SELECT gid_number FROM groups WHERE id = $1', [group]);
    expect(row.gid_number).toBe(first);
    expect(await Promise.all(subjects.map(numberOf))).toEqual([first + 1, first + 2]);
    expect(await numberOf(waiting)).toBeNull();
    await change((tx) => setMemberStatus(tx, id, waiting, 'admit', 'cli'));
    expect(await numberOf(waiting)).toBe(first + 3);
  });

  test('comes with the membership', async () => {
    const { id, first } = await buildPosix();
    expect(await numberOf(await make.buildMember(id))).toBe(first + 1);
    expect(await numberOf(await make.buildMember(id))).toBe(first + 2);
  });

  test('stays with whoever is suspended, resumed, leaves and comes back', async () => {
    const { id } = await buildPosix();
    const subject = await make.buildMember(id);
    const number = await numberOf(subject);
    for (const step of ['suspend', 'resume', 'leave'] as const) {
      await change((tx) => setMemberStatus(tx, id, subject, step, 'cli'));
      expect(await numberOf(subject)).toBe(number);
    }
    await db.database.query("UPDATE memberships SET status = 'active' WHERE subject = $1", [
      subject,
    ]);
    await change((tx) => givePosixNumbers(tx, id));
    expect(await numberOf(subject)).toBe(number);
  });

  test('is never given again, even when its group is deleted or the numbers were off for a while', async () => {
    const { id, first, groupId } = await buildPosix();
    const gone = await make.buildGroup(id, 'gone');
    await change((tx) => givePosixNumbers(tx, id));
    await db.database.query('DELETE FROM groups WHERE id = $1', [gone]);
    const set = (group: string | null) =>
      db.database.query('UPDATE communities SET posix_primary_group_id = $2 WHERE id = $1', [
        id,
        group,
      ]);
    await set(null);
    const meanwhile = await make.buildMember(id);
    expect(await numberOf(meanwhile)).toBeNull();
    await set(groupId);
    await change((tx) => givePosixNumbers(tx, id));
    expect(await numberOf(meanwhile)).toBe(first + 2);
  });

  test('is not given twice when many processes number at once', async () => {
    const { id, first } = await buildPosix(200);
    const others = [await openDatabase({ url: db.url }), await openDatabase({ url: db.url })];
    const databases = [db.database, ...others];
    const subjects = await Promise.all(
      Array.from({ length: 30 }, (_, n) => {
        const database = databases[n % databases.length] as typeof db.database;
        return database.transaction((tx) =>
          addMember(tx, id, { username: `m${n}`, displayName: 'M' }, 'cli'),
        );
      }),
    );
    const numbers = await Promise.all(subjects.map(numberOf));
    const expected = Array.from({ length: 30 }, (_, n) => first + 1 + n);
    expect(numbers.toSorted((a, b) => Number(a) - Number(b))).toEqual(expected);
    await Promise.all(others.map((database) => database.close()));
  });

  test('is refused when the range is exhausted, and nothing of the change stays', async () => {
    const { id } = await buildPosix(2);
    await make.buildMember(id, { username: 'first' });
    const second = change((tx) =>
      addMember(tx, id, { username: 'second', displayName: 'Second' }, 'cli'),
    );
    await expect(second).rejects.toSatisfy(
      (error) =>
        error instanceof RefusedError &&
        error.code === 'posix-exhausted' &&
        error.message.includes('0 numbers left, and 1 are needed'),
    );
    const rows = await db.database.query('SELECT 1 FROM memberships WHERE community_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });
});

describe('the schema', () => {
  test('keeps the ranges of communities apart', async () => {
    const { first } = await buildPosix(100);
    const other = await make.buildCommunity();
    const claim = (at: number) =>
      db.database.query('INSERT INTO posix_ranges VALUES ($1, $2, 50, $2)', [other, at]);
    for (const at of [first, first + 99, first - 49]) {
      await expect(claim(at), String(at)).rejects.toMatchObject({
        constraint: 'ex_posix_ranges_numbers',
      });
    }
    nextFirst += 50;
    await claim(first + 100);
  });

  test('keeps a number to one member, and to one group, of a community', async () => {
    const { id, groupId } = await buildPosix();
    const [one, two] = [await make.buildMember(id), await make.buildMember(id)];
    const number = await numberOf(one);
    await expect(
      db.database.query('UPDATE memberships SET uid_number = $2 WHERE subject = $1', [two, number]),
    ).rejects.toMatchObject({ constraint: 'uq_memberships_uid_number' });
    const copy = db.database.query(
      `INSERT INTO groups (community_id, name, name_key, gid_number)
       SELECT $1, 'copy', 'copy', gid_number FROM groups WHERE id = $2`,
      [id, groupId],
    );
    await expect(copy).rejects.toMatchObject({ constraint: 'uq_groups_gid_number' });
  });
});
