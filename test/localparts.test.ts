import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasePerson } from '../src/domain/account-deletion/erase-person.ts';
import { renameMember } from '../src/domain/memberships/rename-member.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { compareSchema, migrate, migrateDown } from '../src/platform/database/migrations.ts';
import { applyText, HUB } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';

// A name for apps that take nothing but lower-case ASCII, Matrix among them.

let db: TestDatabase;
let make: ReturnType<typeof factories>;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
});
afterAll(() => db.drop());

async function localpartOf(subject: string): Promise<string | null | undefined> {
  const [row] = await db.database.query<{ localpart: string | null }>(
    'SELECT localpart FROM memberships WHERE subject = $1',
    [subject],
  );
  return row?.localpart;
}

const given = async (communityId: string, username: string) =>
  localpartOf(await make.buildMember(communityId, { username, displayName: username }));

describe('a localpart', () => {
  it.each([
    ['Zoé.dupont', 'zoe.dupont'],
    ['alice', 'alice'],
    ['ÉLODIE-Ñandú_2', 'elodie-nandu_2'],
    ['Œuvre', 'oeuvre'],
    ['Straße', 'strasse'],
    ['Łukasz', 'lukasz'],
    ['Øyvind', 'oyvind'],
    ['Юлия', 'iuliia'],
    ['Αλέξανδρος', 'alexandros'],
    ['2026', 'm2026'],
  ])('of %s is %s', async (username, expected) => {
    const id = await make.buildCommunity();
    expect(await given(id, username)).toBe(expected);
  });

  it('of a name in letters that cannot be spelled is a name all the same', async () => {
    const id = await make.buildCommunity();
    for (const username of ['李小龙', 'محمد', '李'])
      expect(await given(id, username)).toMatch(/^m[0-9a-f]{8}$/);
  });

  it('is nobody else’s: who would have the same gets a number after it', async () => {
    const id = await make.buildCommunity();
    expect(await given(id, 'zoe')).toBe('zoe');
    expect(await given(id, 'Zoé')).toBe('zoe-2');
    expect(await given(id, 'Zoë')).toBe('zoe-3');
    expect(await given(id, 'zoe-4')).toBe('zoe-4');
    expect(await given(id, 'zoê')).toBe('zoe-5');
    expect(await given(await make.buildCommunity(), 'Zoé')).toBe('zoe');
  });

  it('is given to a great many who would have the same', async () => {
    const id = await make.buildCommunity();
    const vowels = ['a', 'à', 'á', 'â', 'ã', 'ä', 'å', 'ā', 'ă', 'ą'];
    const names = vowels.flatMap((one) => vowels.map((two) => `n${one}n${two}`));
    const localparts: unknown[] = [];
    for (const name of names) localparts.push(await given(id, name));
    expect(new Set(localparts).size).toBe(100);
    for (const one of localparts) expect(one).toMatch(/^[a-z][a-z0-9._=/-]*$/);
  });

  it('is given once to each of those who come at the same moment', async () => {
    const id = await make.buildCommunity();
    const names = ['ana', 'Aná', 'Anâ', 'Anä', 'Anã', 'Anå'];
    const localparts = await Promise.all(names.map((name) => given(id, name)));
    expect(localparts.sort()).toEqual(['ana', 'ana-2', 'ana-3', 'ana-4', 'ana-5', 'ana-6']);
  });

  it('stays when the member is renamed, and is not given to who takes the old name', async () => {
    const id = await make.buildCommunity();
    const subject = await make.buildMember(id, { username: 'Zoé' });
    await db.database.transaction((tx) => renameMember(tx, id, subject, 'Chloé', 'cli'));
    expect(await localpartOf(subject)).toBe('zoe');
    expect(await given(id, 'Zoé')).toBe('zoe-2');
    expect(await given(id, 'chloe')).toBe('chloe');
  });

  it('stays when the member leaves, and is theirs when they come back', async () => {
    const id = await make.buildCommunity();
    const subject = await make.buildMember(id, { username: 'Noé' });
    await db.database.transaction((tx) => setMemberStatus(tx, id, subject, 'leave', 'cli'));
    expect(await given(id, 'noe')).toBe('noe-2');
    expect(await localpartOf(subject)).toBe('noe');
  });

  it('is forgotten with the person, and given to nobody after them', async () => {
    const id = await make.buildCommunity();
    const subject = await make.buildMember(id, { username: 'Inès' });
    const [row] = await db.database.query<{ personId: string }>(
      'SELECT person_id AS "personId" FROM memberships WHERE subject = $1',
      [subject],
    );
    await db.database.transaction((tx) =>
      erasePerson(tx, row?.personId as string, new URL('https://hub.example')),
    );
    expect(await localpartOf(subject)).toBeNull();
    expect(await given(id, 'ines')).toBe('ines-2');
  });

  it('cannot be changed, by whatever statement', async () => {
    const id = await make.buildCommunity();
    const subject = await make.buildMember(id, { username: 'ada' });
    const change = db.database.query(
      `UPDATE memberships SET localpart = 'eda' WHERE subject = $1`,
      [subject],
    );
    await expect(change).rejects.toThrow('a localpart never changes');
  });
});

describe('a file', () => {
  it('gives one to each of its members, and keeps it when it renames nobody', async () => {
    const text = HUB.replace('username: bob', 'username: Zoé.Dupont');
    await applyText(db.database, text);
    const localparts = () =>
      db.database.query(
        `SELECT m.username, m.localpart FROM memberships m JOIN communities c ON c.id = m.community_id
         WHERE c.slug = 'lamyne' ORDER BY 1`,
      );
    const first = await localparts();
    expect(first).toEqual([
      { username: 'Zoé.Dupont', localpart: 'zoe.dupont' },
      { username: 'alice', localpart: 'alice' },
    ]);
    await applyText(db.database, text.replace('name: Bob', 'name: Zoé'));
    expect(await localparts()).toEqual(first);
  });
});

it('members from before get theirs by the migration, the oldest first, and its undoing takes it away', async () => {
  const old = await cloneDatabase();
  const before = factories(old.database);
  const id = await before.buildCommunity();
  for (const username of ['zoe', 'Zoé', 'Юлия']) await before.buildMember(id, { username });
  // Back to where there was none.
  const steps: string[] = [];
  while (!steps.at(-1)?.startsWith('clients-and-localparts'))
    steps.push((await migrateDown(old.database)) as string);
  await migrate(old.database);
  expect((await compareSchema(old.database)).pending).toEqual([]);
  const rows = await old.database.query<{ localpart: string }>(
    'SELECT localpart FROM memberships ORDER BY created_at',
  );
  expect(rows.map(({ localpart }) => localpart)).toEqual(['zoe', 'zoe-2', 'iuliia']);
  await old.drop();
});
