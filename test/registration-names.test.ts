import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import {
  chosenNameFault,
  findLookalike,
  suggestUsername,
  takeUsername,
} from '../src/domain/memberships/choose-username.ts';
import { displayNameFault, shortened, tidyName } from '../src/domain/memberships/display-name.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';

let db: TestDatabase;
let community: string;
let neighbour: string;

beforeAll(async () => {
  db = await cloneDatabase();
  const make = factories(db.database);
  community = await make.buildCommunity();
  neighbour = await make.buildCommunity();
  for (const username of ['alice', 'Ivan', 'marnie', 'paul.leroy', 'éloïse', 'софия', 'bob10'])
    await make.buildMember(community, { username });
});
afterAll(() => db.drop());

describe('a username that somebody chooses', () => {
  it.each([
    ['ALICE', 'taken'],
    ['ａｌｉｃｅ', 'taken'],
    ['аliсе', 'mixed-scripts'],
    ['lvan', 'lookalike'],
    ['1van', 'lookalike'],
    ['mamie', 'lookalike'],
    ['pau1.leroy', 'lookalike'],
    ['boblo', 'lookalike'],
    ['bobl0', 'lookalike'],
    ['éloïse', 'taken'],
    ['СОФИЯ', 'taken'],
    ['admin', 'reserved'],
    ['Admin-2', 'reserved'],
    ['r00t', 'reserved'],
    ['modérateur', 'reserved'],
    ['Modératrice', 'reserved'],
    ['sécurité', 'reserved'],
    ['postmaster', 'reserved'],
    ['post.master', 'reserved'],
    ['ѕесurity', 'mixed-scripts'],
    ['', 'missing'],
    ['a b', 'shape'],
    ['-alice', 'shape'],
    ['alice@lieu', 'shape'],
    ['a\u200dlice', 'shape'],
    ['x'.repeat(65), 'shape'],
    ['x'.repeat(10_000), 'shape'],
    ['😀', 'shape'],
  ])('%s is refused: %s', async (username, fault) => {
    const found = await db.database.transaction((tx) => takeUsername(tx, community, username));
    expect(found).toBe(fault);
  });

  it.each([
    'alicia',
    'ali',
    'paula',
    'ליאור',
    'ليلى',
    'мария',
    '山田太郎',
    'さくら',
    'jean-dupont_2',
    'supporteur',
    'ila',
    'lia',
  ])('%s is free', async (username) => {
    const found = await db.database.transaction((tx) => takeUsername(tx, community, username));
    expect(found).toBeUndefined();
  });

  it('made of Cyrillic letters alone is seen to look like a Latin one', async () => {
    const make = factories(db.database);
    await make.buildMember(community, { username: 'cope' });
    expect(await findLookalike(db.database, community, 'соре')).toBe('cope');
    await make.buildMember(community, { username: 'хоро' });
    expect(await findLookalike(db.database, community, 'xopo')).toBe('хоро');
  });

  it('may be the one that another community has, and one’s own', async () => {
    expect(await findLookalike(db.database, neighbour, 'alice')).toBeUndefined();
    const [row] = await db.database.query(
      `SELECT subject FROM memberships WHERE community_id = $1 AND username_key = 'alice'`,
      [community],
    );
    expect(await findLookalike(db.database, community, 'a1ice', row.subject)).toBeUndefined();
  });

  it('goes to one of two who choose names that look the same at the same time', async () => {
    const make = factories(db.database);
    const take = (username: string) =>
      db.database.transaction(async (tx) => {
        const fault = await takeUsername(tx, neighbour, username);
        if (fault !== undefined) return fault;
        await tx.query('SELECT pg_sleep(0.2)');
        // As a row: the change that makes members takes the name by itself.
        await tx.query(
          `INSERT INTO memberships (community_id, person_id, username, username_key, display_name)
           SELECT $1, id, $2, $2, $2 FROM persons ORDER BY (SELECT count(*) FROM memberships
             WHERE community_id = $1 AND person_id = persons.id), id LIMIT 1`,
          [neighbour, username],
        );
        return 'done';
      });
    await make.buildMember(community);
    expect((await Promise.all([take('nadiroff'), take('nad1roff')])).sort()).toEqual([
      'done',
      'done',
    ]);
    expect((await Promise.all([take('polo'), take('p0lo')])).sort()).toEqual(['done', 'lookalike']);
  });
});

test('a username is suggested from an address, if it gives one', () => {
  expect(suggestUsername('Alice.Martin+lieu@example.org')).toBe('alice.martin');
  expect(suggestUsername('admin@example.org')).toBe('');
  expect(suggestUsername('-a!b-@example.org')).toBe('a-b');
  expect(suggestUsername('+@example.org')).toBe('');
  expect(chosenNameFault(suggestUsername(`${'é'.repeat(90)}@example.org`))).toBeUndefined();
});

describe('a name that people read', () => {
  it.each([
    'Zoé 🌻',
    '👩‍👩‍👧‍👦',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'ליאור כהן',
    'ليلى العامرية',
    'می‌خواهم',
    'Jean-Noël d’Aubigné',
    'é'.repeat(100),
  ])('may be %s', (name) => {
    expect(displayNameFault(tidyName(name))).toBeUndefined();
  });

  it.each([
    ['', 'missing'],
    [' \u200b\u3164 ', 'missing'],
    ['x'.repeat(101), 'too-long'],
    ['x'.repeat(10_000), 'too-long'],
    [`Z${'\u0351'.repeat(600)}`, 'too-long'],
    ['Alice\u202egro.elpmaxe', 'characters'],
    ['Alice\u2067', 'characters'],
    ['Ali\u0007ce', 'characters'],
    ['Ali\nce', 'characters'],
  ])('may not be %j: %s', (name, fault) => {
    expect(displayNameFault(tidyName(name))).toBe(fault);
  });

  it('is kept without spaces at its ends, and shown again shortened', () => {
    expect(tidyName('  Alice \u00a0 Martin ')).toBe('Alice Martin');
    expect(shortened('x'.repeat(10_000))).toHaveLength(500);
    expect(shortened('😀'.repeat(400)).isWellFormed()).toBe(true);
    expect(shortened(`x${'😀'.repeat(400)}`).isWellFormed()).toBe(true);
  });
});
