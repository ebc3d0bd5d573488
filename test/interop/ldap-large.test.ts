import { beforeAll, expect, it } from 'vitest';
import { boundReader, useLieu, useReader } from '../ldap/support/directory.ts';
import { longestStretch } from '../ldap/support/longest-stretch.ts';

const PEOPLE = 10_000;
const GROUPS = 100;

/** Ten thousand members, a hundred to a group (row 19). */
const { hub, lieu } = useLieu({ slug: 'grande' });
const reader = useReader(hub, lieu);
beforeAll(async () => {
  await fill();
  await hub.app.settle();
});

async function fill(): Promise<void> {
  await hub.database.query(
    `WITH wanted AS (SELECT n, gen_random_uuid() AS person_id FROM generate_series(1, ${PEOPLE}) AS n),
     made AS (INSERT INTO persons (id) SELECT person_id FROM wanted)
     INSERT INTO memberships (community_id, person_id, username, username_key, display_name)
     SELECT $1, person_id, 'p' || n, 'p' || n, 'Personne ' || n FROM wanted`,
    [lieu.community.id],
  );
  await hub.database.query(
    `INSERT INTO groups (community_id, name, name_key)
     SELECT $1::uuid, 'g' || n, 'g' || n FROM generate_series(1, ${GROUPS}) AS n
     UNION ALL SELECT $1::uuid, name, name FROM unnest('{tous,moitie}'::text[]) AS t (name)`,
    [lieu.community.id],
  );
  await hub.database.query(
    `INSERT INTO group_members (community_id, group_id, subject)
     SELECT $1, g.id, m.subject FROM memberships m JOIN groups g ON g.community_id = m.community_id
       AND g.name IN ('tous', 'g' || (substr(m.username, 2)::int % ${GROUPS} + 1))
     WHERE m.community_id = $1 AND m.username LIKE 'p%'`,
    [lieu.community.id],
  );
  await hub.database.query(
    `INSERT INTO group_members (community_id, group_id, subject)
     SELECT $1, g.id, m.subject FROM memberships m
     JOIN groups g ON g.community_id = m.community_id AND g.name = 'moitie'
     WHERE m.community_id = $1 AND m.username LIKE 'p%' AND substr(m.username, 2)::int % 2 = 0`,
    [lieu.community.id],
  );
}

it('everybody is given, once each, at a time and page by page (rows 17 and 19)', async () => {
  const whole = await reader.search(`ou=people,${lieu.base}`, '(uid=p*)', { attributes: ['uid'] });
  expect(whole.code).toBe(0);
  expect(new Set(whole.entries.map(({ dn }) => dn)).size).toBe(PEOPLE);
  expect(whole.entries).toHaveLength(PEOPLE);
  const seen = new Set<string>();
  let cookie: Buffer = Buffer.alloc(0);
  do {
    const inner = Buffer.concat([Buffer.from([2, 2, 0x01, 0xf4, 4, cookie.length]), cookie]);
    const value = Buffer.concat([Buffer.from([0x30, inner.length]), inner]);
    const answer = await reader.search(`ou=people,${lieu.base}`, '(uid=p*)', {
      attributes: ['1.1'],
      controls: [{ oid: '1.2.840.113556.1.4.319', critical: true, value }],
    });
    expect([answer.code, answer.entries.length]).toEqual([0, 500]);
    for (const { dn } of answer.entries) seen.add(dn);
    const given = answer.controls[0]?.value as Buffer;
    cookie = Buffer.from(given.subarray(4 + (given[3] as number) + 2));
  } while (cookie.length > 0);
  expect(seen.size).toBe(PEOPLE);
});

it('others are answered in the midst of a search that looks at everybody (row 19)', async () => {
  const other = await boundReader(hub, lieu);
  const order: string[] = [];
  const searches = Array.from({ length: 4 }, () =>
    reader
      .search(lieu.base, '(|(description=*a*)(cn=*personne*9*)(displayName=*x*))')
      .then(() => order.push('long')),
  );
  await other.search(lieu.base, '(uid=p77)').then(() => order.push('short'));
  await Promise.all(searches);
  expect(order[0]).toBe('short');
  other.close();
});

it('a search that takes too long ends with what was found, and says so (row 16)', async () => {
  // Each is most of a second's work, and they take turns: none can end within its limit of one second.
  const parts = Array.from({ length: 290 }, (_, n) => `(cn=*${n}*z*)`).join('');
  const readers = [reader, await boundReader(hub, lieu), await boundReader(hub, lieu)];
  const answers = await Promise.all(
    readers.flatMap((each) =>
      Array.from({ length: 8 }, () =>
        each.search(lieu.base, `(&(uid=p*)(!(|${parts})))`, { timeLimit: 1, attributes: ['1.1'] }),
      ),
    ),
  );
  const late = answers.filter(({ code }) => code === 3);
  expect(late.length).toBeGreaterThan(0);
  for (const { entries } of late) expect(entries.length).toBeLessThan(PEOPLE);
  expect(Math.max(...late.map(({ entries }) => entries.length))).toBeGreaterThan(0);
  for (const { code, entries } of answers)
    if (code !== 3) expect([code, entries.length]).toEqual([0, PEOPLE]);
  for (const each of readers.slice(1)) each.close();
}, 20_000);

it('a filter of hundreds of large parts costs no more than a few of them (row 19)', async () => {
  const everybody = `(memberOf=cn=tous,ou=groups,${lieu.base})`;
  const cost = async (parts: number) => {
    const started = performance.now();
    const filter = `(|${everybody.repeat(parts)})`;
    const answer = await reader.search(lieu.base, filter, { sizeLimit: 1, attributes: ['1.1'] });
    expect([answer.code, answer.entries.length]).toEqual([4, 1]);
    return performance.now() - started;
  };
  await cost(1);
  const few = Math.max(await cost(10), await cost(10), 2);
  // Gathered for each part anew, it would be thirty times as much and more.
  // The least of a few times: what else the machine has to do comes on top.
  const many = Math.min(await cost(290), await cost(290), await cost(290));
  expect(many / few).toBeLessThan(15);
});

it.each([
  [
    'of large groups, gathered anew for each of many pairs',
    (n: number, base: string) =>
      `(|(memberOf=cn=moitie,ou=groups,${base})(memberOf=cn=g${(n % GROUPS) + 1},ou=groups,${base}))`,
    (parts: string) => `(&${parts})`,
    90,
    45,
  ],
  [
    'of names, against each member of large groups',
    (n: number, base: string) => `(distinguishedName=uid=x${n},ou=people,${base})`,
    (parts: string) => `(|${parts})`,
    290,
    150,
  ],
])('a filter keeps nobody waiting: %s', async (_, part, whole, count, most) => {
  const parts = Array.from({ length: count }, (_, n) => part(n, lieu.base)).join('');
  const stretch = await longestStretch(() =>
    reader.search(lieu.base, whole(parts), { attributes: ['1.1'], sizeLimit: 5 }),
  );
  expect(stretch).toBeLessThan(most);
});

it('a group of a hundred is found by its name, and its members by it (row 9)', async () => {
  const members = await reader.search(lieu.base, `(memberOf=cn=g7,ou=groups,${lieu.base})`);
  expect(members.entries).toHaveLength(PEOPLE / GROUPS);
  const group = await reader.search(lieu.base, '(cn=G7)', { attributes: ['member'] });
  expect(group.entries[0]?.attributes.get('member')).toHaveLength(PEOPLE / GROUPS);
});
