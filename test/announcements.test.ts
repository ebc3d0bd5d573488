import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createAppPassword,
  revokeAppPassword,
  revokeAppPasswords,
} from '../src/domain/app-passwords/app-password.ts';
import { RefusedError } from '../src/domain/errors.ts';
import { removeFromGroup } from '../src/domain/memberships/remove-from-group.ts';
import { renameMember } from '../src/domain/memberships/rename-member.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { removeReader, setReaderSecret } from '../src/domain/services/reader.ts';
import { type ChangeFeed, openChangeFeed } from '../src/platform/database/change-feed.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { addToGroup } from './support/add-to-group.ts';
import { buildElsewhere } from './support/belongings.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { nestGroup, unnestGroup } from './support/nest-group.ts';

const CHANNELS = ['trousseau_community', 'trousseau_sign_in'];

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let feed: ChangeFeed;
let community: string;
let alice: string;
let serviceId: string;
let heard: string[] = [];

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  community = await make.buildCommunity('lamyne');
  alice = await make.buildMember(community, { username: 'alice', passwordHash: 'a hash' });
  ({ serviceId } = await make.buildService(community, { slug: 'cloud' }));
  feed = await openChangeFeed({ connection: db.database.connection, channels: CHANNELS });
  for (const channel of CHANNELS) {
    feed.on(channel, (payload) => heard.push(`${channel} ${payload ?? 'all'}`));
  }
});
afterAll(async () => {
  await feed.close();
  await db.drop();
});
beforeEach(async () => {
  await feed.settle();
  heard = [];
});

/** What every process hears of a piece of work. */
async function announced(work: () => Promise<unknown>): Promise<string[]> {
  await work();
  await feed.settle();
  return heard;
}

const member = (subject: string) => `trousseau_sign_in ${community} member ${subject}`;
const settings = () => `trousseau_community ${community}`;
const change = <Result>(work: Parameters<typeof db.database.transaction<Result>>[0]) =>
  db.database.transaction(work);

describe('every process hears', () => {
  test('of a new member', async () => {
    let subject = '';
    const told = await announced(async () => {
      subject = await make.buildMember(community, { username: 'neuve' });
    });
    expect(told).toEqual([member(subject)]);
  });

  test('of a new password, in every community of the person', async () => {
    const elsewhere = await make.buildCommunity();
    const [{ personId }] = await db.database.query(
      'SELECT person_id AS "personId" FROM memberships WHERE subject = $1',
      [alice],
    );
    const guest = await buildElsewhere(db.database, elsewhere, { personId, username: 'alice' });
    await feed.settle();
    heard = [];
    const told = await announced(() =>
      change((tx) => setPassword(tx, community, alice, 'another hash', 'cli')),
    );
    expect(told.toSorted()).toEqual(
      [member(alice), `trousseau_sign_in ${elsewhere} member ${guest}`].toSorted(),
    );
  });

  test('of an app password made, changed and revoked, and not of its use', async () => {
    let made = { id: '', secret: '' };
    const given = { subject: alice, serviceId, name: 'phone' };
    const create = async () => {
      made = await change((tx) => createAppPassword(tx, community, given, 'cli'));
    };
    expect(await announced(create)).toEqual([member(alice)]);
    heard = [];
    const set = (what: string) => () =>
      db.database.query(`UPDATE app_passwords SET ${what} WHERE id = $1`, [made.id]);
    expect(await announced(set('last_used_at = now()'))).toEqual([]);
    expect(await announced(set("name = 'tablet'"))).toEqual([member(alice)]);
    heard = [];
    const place = { subject: alice, id: made.id };
    expect(
      await announced(() => change((tx) => revokeAppPassword(tx, community, place, 'cli'))),
    ).toEqual([member(alice)]);
    await create();
    await feed.settle();
    heard = [];
    expect(
      await announced(() => change((tx) => revokeAppPasswords(tx, community, alice, 'cli'))),
    ).toEqual([member(alice)]);
  });

  test('of a reader given, changed and removed', async () => {
    for (const hash of ['one', 'two']) {
      heard = [];
      const work = () => change((tx) => setReaderSecret(tx, community, serviceId, hash, 'cli'));
      expect(await announced(work)).toEqual([settings()]);
    }
    heard = [];
    const work = () => change((tx) => removeReader(tx, community, serviceId, 'cli'));
    expect(await announced(work)).toEqual([settings()]);
  });

  test("of operators' readers, as of something that concerns all communities", async () => {
    const statements = [
      `INSERT INTO operator_readers VALUES ('backup', 'a hash')`,
      `UPDATE operator_readers SET password_hash = 'another'`,
      'DELETE FROM operator_readers',
    ];
    for (const sql of statements) {
      heard = [];
      expect(await announced(() => db.database.query(sql)), sql).toEqual([
        'trousseau_community all',
      ]);
    }
  });

  test('of LDAP settings, and not of a number that is taken from the range', async () => {
    const open = `UPDATE communities SET ldap_open_to_operators = true WHERE id = $1`;
    expect(await announced(() => db.database.query(open, [community]))).toEqual([settings()]);
    heard = [];
    const range = 'INSERT INTO posix_ranges VALUES ($1, 10000, 100, 10000)';
    expect(await announced(() => db.database.query(range, [community]))).toEqual([]);
    const take = 'UPDATE posix_ranges SET next_number = 10001';
    expect(await announced(() => db.database.query(take))).toEqual([]);
  });
});

test('changes that meet wait for one another, and never both for each other', async () => {
  const id = await make.buildCommunity();
  const groups = [await make.buildGroup(id), await make.buildGroup(id), await make.buildGroup(id)];
  const subjects = await Promise.all(Array.from({ length: 4 }, () => make.buildMember(id)));
  const pick = (list: string[], at: number) => list[at % list.length] as string;
  const step = (n: number) => (tx: Transaction) => {
    const place = { groupId: pick(groups, n), subject: pick(subjects, n * 3) };
    const nesting = { parentId: pick(groups, n), childId: pick(groups, n + 1) };
    const steps = [
      () => addToGroup(tx, id, place, 'cli'),
      () => removeFromGroup(tx, id, place, 'cli'),
      () => renameMember(tx, id, place.subject, `m${n}`, 'cli'),
      () => setMemberStatus(tx, id, place.subject, n % 2 === 0 ? 'suspend' : 'resume', 'cli'),
      () => nestGroup(tx, id, nesting, 'cli'),
      () => unnestGroup(tx, id, nesting, 'cli'),
    ];
    return (steps[Math.floor(n / 7) % steps.length] as () => Promise<boolean>)();
  };
  // As many at once as there are connections: the others would wait for one of those, and not for long.
  const failed: unknown[] = [];
  const numbers = Array.from({ length: 250 }, (_, n) => n).values();
  const workOff = async () => {
    for (const n of numbers) await change(step(n)).catch((error) => failed.push(error));
  };
  await Promise.all(Array.from({ length: 10 }, workOff));
  expect(failed.filter((error) => !(error instanceof RefusedError))).toEqual([]);
});

/** Rows whose `updated_at` a piece of work moved, by the names given. */
async function moved(
  rows: Record<string, string>,
  work: (tx: Transaction) => Promise<unknown>,
): Promise<string[]> {
  const ids = Object.values(rows);
  const before = "now() - interval '1 day'";
  await db.database.query(`UPDATE groups SET updated_at = ${before}`);
  await db.database.query(`UPDATE memberships SET updated_at = ${before}`);
  await change(work);
  const found = await db.database.query<{ id: string }>(
    `SELECT id FROM (SELECT id, updated_at FROM groups UNION ALL SELECT subject, updated_at FROM memberships) r
     WHERE id = ANY($1::uuid[]) AND updated_at > now() - interval '1 hour'`,
    [ids],
  );
  return Object.keys(rows).filter((name) => found.some(({ id }) => id === rows[name]));
}

describe('modifyTimestamp moves (row 11)', () => {
  let rows: Record<'top' | 'inner' | 'other' | 'ann' | 'ben' | 'cat', string>;

  beforeAll(async () => {
    const id = await make.buildCommunity('times');
    community = id;
    const [top, inner, other] = [
      await make.buildGroup(id, 'top'),
      await make.buildGroup(id, 'inner'),
      await make.buildGroup(id, 'other'),
    ];
    const ann = await make.buildMember(id, { username: 'ann', groupIds: [inner] });
    const ben = await make.buildMember(id, { username: 'ben', groupIds: [other] });
    const cat = await make.buildMember(id, { username: 'cat' });
    await change((tx) => nestGroup(tx, id, { parentId: top, childId: inner }, 'cli'));
    rows = { top, inner, other, ann, ben, cat };
  });

  test('of the member and of the groups around, when somebody comes into a group or goes', async () => {
    const place = { groupId: rows.inner, subject: rows.cat };
    const around = ['top', 'inner', 'cat'];
    expect(await moved(rows, (tx) => addToGroup(tx, community, place, 'cli'))).toEqual(around);
    expect(await moved(rows, (tx) => addToGroup(tx, community, place, 'cli'))).toEqual([]);
    expect(await moved(rows, (tx) => removeFromGroup(tx, community, place, 'cli'))).toEqual(around);
  });

  test('of both groups and of all inside, when a group comes into another or goes', async () => {
    const nesting = { parentId: rows.other, childId: rows.top };
    const around = ['top', 'other', 'ann'];
    expect(await moved(rows, (tx) => nestGroup(tx, community, nesting, 'cli'))).toEqual(around);
    expect(await moved(rows, (tx) => unnestGroup(tx, community, nesting, 'cli'))).toEqual(around);
  });

  test('of the groups of a member who is renamed, suspended, resumed, or leaves', async () => {
    const around = ['top', 'inner', 'ann'];
    const rename = (name: string) =>
      moved(rows, (tx) => renameMember(tx, community, rows.ann, name, 'cli'));
    expect(await rename('anne')).toEqual(around);
    expect(await rename('anne')).toEqual([]);
    for (const step of ['suspend', 'resume', 'leave'] as const) {
      const work = moved(rows, (tx) => setMemberStatus(tx, community, rows.ann, step, 'cli'));
      expect(await work, step).toEqual(around);
    }
  });

  test('of the groups of a member who is admitted', async () => {
    const dan = await make.buildMember(community, {
      username: 'dan',
      status: 'requested',
      groupIds: [rows.other],
    });
    const work = moved({ ...rows, dan }, (tx) =>
      setMemberStatus(tx, community, dan, 'admit', 'cli'),
    );
    expect(await work).toEqual(['other', 'dan']);
  });
});
