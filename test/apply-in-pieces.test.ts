import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseFile } from '../src/transfer/apply/parse-file.ts';
import { PIECE_ITEMS, readInPieces } from '../src/transfer/apply/read-in-pieces.ts';
import { readSource } from '../src/transfer/apply/source.ts';
import { applyText } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

const HUB_URL = 'https://hub.example';
const MANY = 2_500;

/** A community with these lists of members, the first on line 6. */
const city = (...lists: string[]) =>
  `version: 1\ncommunities:${lists
    .map((list, n) => `\n  - slug: city${n}\n    name: City\n    members:\n${list}`)
    .join('')}`;
const member = (n: number, more = '') =>
  `      - username: m${n}\n        name: Member ${n}\n        email: m${n}@city.example\n${more}`;
const members = (count: number, more: (n: number) => string = () => '') =>
  Array.from({ length: count }, (_, n) => member(n, more(n))).join('');

function pieces(text: string) {
  const sizes: number[] = [];
  const document = readInPieces(text, HUB_URL, {}, (items) => sizes.push(items));
  return { document, sizes };
}

test('members are read a few at a time, however many there are', () => {
  const { document, sizes } = pieces(city(members(210), members(1)));
  expect(document?.communities?.map((community) => community.members?.length)).toEqual([210, 1]);
  expect(Math.max(...sizes)).toBe(PIECE_ITEMS);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(211);
});

describe('what is read in pieces is what the file says', () => {
  test.each([
    ['as it is mostly written', city(members(3), members(2))],
    [
      'with remarks, blank lines and long texts between the members',
      city(
        `# first\n\n${member(1)}\n  # less deep\n${member(2, '        nickname: >-\n          one\n          - two\n')}    # end\n`,
        members(1),
      ),
    ],
    ['as deep as its key', city(members(2)).replaceAll('\n      ', '\n    ')],
    ['with lines as Windows ends them', city(members(2)).replaceAll('\n', '\r\n')],
    [
      'with the list first',
      'version: 1\ncommunities:\n  - members:\n    - { username: a, name: A }\n    -\n      username: b\n      name: B\n    slug: a\n    name: A',
    ],
    ['with nobody', city('      []\n')],
  ])('%s', (_name, text) => {
    const { document } = pieces(text);
    expect(document).toEqual(readSource('hub.yaml', text).value);
  });
});

describe('what cannot be read in pieces is read at once', () => {
  test.each([
    [
      'anchors',
      city(`${member(1, '        groups: &none []\n')}${member(2, '        groups: *none\n')}`),
    ],
    [
      'a text between quotes that looks like members',
      city(members(1)).replace('City', '"A\n     members:\n     - b"'),
    ],
  ])('%s', (_name, text) => {
    expect(pieces(text).document).toBeUndefined();
    const { document } = parseFile('hub.yaml', text, HUB_URL, {});
    expect(document).toEqual(readSource('hub.yaml', text).value);
  });

  test('a fault far down is told at its line', () => {
    const text = city(members(100).replace('m99@city.example', 'nobody'));
    expect(() => parseFile('hub.yaml', text, HUB_URL, {})).toThrow(
      'hub.yaml:305:9 communities[0].members[99].email: must be an e-mail address',
    );
  });
});

describe('many members are saved in turn as if at once', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await cloneDatabase();
    await applyText(
      db.database,
      city(members(MANY, (n) => (n === 0 ? '        role: owner\n' : ''))),
    );
  }, 120_000);
  afterAll(() => db.drop());

  const apply = (text: string) => applyText(db.database, text, { prune: true });
  const last = MANY - 1;

  test('the first and the last swap their addresses, and the owner is another', async () => {
    const swapped = members(MANY, (n) =>
      n === last ? '        role: owner\n' : n === 0 ? '        role: member\n' : '',
    )
      .replace('m0@', 'x@')
      .replace(`m${last}@`, 'm0@')
      .replace('x@', `m${last}@`);
    const { counts, changes } = await apply(city(swapped));
    expect(counts).toEqual({ create: 0, update: 2, remove: 0 });
    expect(changes.map(({ name, fields }) => [name, fields.toSorted()])).toEqual([
      ['m0', ['email', 'role']],
      [`m${last}`, ['email', 'role']],
    ]);
    expect((await apply(city(swapped))).counts).toEqual({ create: 0, update: 0, remove: 0 });
  }, 120_000);

  test('every fault that only the hub shows is told at its place, and nothing is kept', async () => {
    // Nobody is an owner any more: that is told of the last one, far down the file, after much was saved.
    const more = city(members(MANY + 1));
    const refused = more.replace(
      `email: m${last}@city.example\n`,
      `email: m${last}@city.example\n        role: member\n`,
    );
    await expect(apply(refused)).rejects.toThrow(
      `communities[0].members[${last}].role: is the only owner of the community`,
    );
    const [row] = await db.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM memberships',
    );
    expect(row?.count).toBe(MANY);
  }, 120_000);
});
