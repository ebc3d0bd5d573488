import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkPassword } from '../src/domain/people/password.ts';
import type { ApplyOptions } from '../src/transfer/apply/apply-file.ts';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { applyText, HUB as FULL_HUB } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneDatabase();
});
afterEach(() =>
  db.database.query('TRUNCATE communities, persons, operators, operator_readers, events CASCADE'),
);
afterAll(() => db.drop());

/** Nobody signs in here: without passwords there is nothing to hash. */
const HUB = FULL_HUB.replace(/^operators:\n.*\n/m, 'operators: # by hand\n  []\n')
  .replaceAll(/, password: secret-of-(alice|bob-b)/g, '')
  .replace(/^ *ldap: \{ password.*\n/m, '');

const apply = (text: string, options: Partial<ApplyOptions> = {}) =>
  applyText(db.database, text, options);

async function faults(text: string, options: Partial<ApplyOptions> = {}): Promise<string[]> {
  const error = await apply(text, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApplyError)) throw error ?? new Error('nothing was wrong');
  return error.faults.map((fault) => fault.slice(fault.indexOf('hub.yaml')));
}

/** The hub of HUB, with LDAP settings for its community. */
const withLdap = (ldap: string, text = HUB) =>
  text.replace('    groups:\n', `    ldap: ${ldap}\n    groups:\n`);
const POSIX = '{ firstNumber: 10000, count: 100, primaryGroup: membres }';
const withPosix = (posix = POSIX, text = HUB) => withLdap(`{ posix: ${posix} }`, text);
/** A community after those of a text. */
const another = (slug: string, ldap: string) =>
  `  - { slug: ${slug}, name: ${slug}, ldap: ${ldap}, groups: [{ name: tous }] }\n`;

async function one(sql: string) {
  const [row] = await db.database.query(sql);
  return row;
}

async function numbers(): Promise<Record<string, number | null>> {
  const rows = await db.database.query<{ name: string; number: number | null }>(
    `SELECT name, gid_number AS number FROM groups
     UNION ALL SELECT username, uid_number FROM memberships`,
  );
  return Object.fromEntries(rows.map(({ name, number }) => [name, number]));
}

describe('the settings', () => {
  test('have hosts, which no other community has for the web either', async () => {
    const text = withLdap('{ hosts: [LDAP.lamyne.example, ldap2.lamyne.example] }');
    await apply(HUB);
    expect((await apply(text)).changes.map(({ fields }) => fields)).toEqual([['ldap.hosts']]);
    expect((await apply(text)).changes).toEqual([]);
    const hosts = () =>
      db.database.query('SELECT host FROM community_ldap_hosts ORDER BY position');
    expect(await hosts()).toEqual([
      { host: 'ldap.lamyne.example' },
      { host: 'ldap2.lamyne.example' },
    ]);
    const taken = '  - { slug: autre, name: Autre, hosts: [ldap2.lamyne.example] }\n';
    expect(await faults(text + taken)).toEqual([
      expect.stringContaining('hosts[0]: is a host of the community lamyne'),
    ]);
    await apply(withLdap('{ hosts: [ldap2.lamyne.example] }'), { prune: true });
    expect(await hosts()).toEqual([{ host: 'ldap2.lamyne.example' }]);
  });

  test('are stored, told by their keys, and not told again', async () => {
    await apply(HUB);
    const text = withLdap(
      `{ base: "dc=lamyne,dc=example", passwordBind: true, openToOperators: true, posix: ${POSIX} }`,
    );
    const plan = formatPlan(await apply(text));
    expect(plan).toBe(
      '~ community lamyne: ldap.base, ldap.passwordBind, ldap.openToOperators, ldap.posix\n0 added, 1 changed, 0 taken away',
    );
    const stored = await one(
      `SELECT ldap_base, ldap_password_bind, ldap_open_to_operators, posix_home, posix_shell, g.name AS "primary"
       FROM communities c JOIN groups g ON g.id = c.posix_primary_group_id`,
    );
    expect(stored).toEqual({
      ldap_base: 'dc=lamyne,dc=example',
      ldap_password_bind: true,
      ldap_open_to_operators: true,
      posix_home: '/home/{username}',
      posix_shell: '/bin/bash',
      primary: 'membres',
    });
    expect(formatPlan(await apply(text))).toBe('nothing to change');
    expect(formatPlan(await apply(HUB))).toBe('nothing to change');
  });

  test('of a new community come with it, in one run', async () => {
    await apply(withPosix());
    expect(await numbers()).toEqual({
      membres: 10_001,
      bureau: 10_000,
      alice: 10_002,
      bob: 10_003,
    });
    expect(formatPlan(await apply(withPosix(), { prune: true }))).toBe('nothing to change');
  });

  test('of a dry run are not kept', async () => {
    await apply(HUB);
    await apply(withPosix(), { dryRun: true });
    expect(await one('SELECT 1 FROM posix_ranges')).toBeUndefined();
    expect(await numbers()).toMatchObject({ alice: null });
  });
});

describe('a base', () => {
  const bad: [string, string][] = [
    ['lamyne', 'must be a distinguished name'],
    ['o=', 'must be a distinguished name'],
    ['', 'must be a distinguished name'],
    ['cn=lamyne', 'must begin with o=, ou= or dc='],
    ['o=a+ou=b', 'must begin with o=, ou= or dc='],
    ['cn=operators', "must not be cn=operators or lie inside it: that is the hub's"],
    ['ou=x, CN=Operators', "must not be cn=operators or lie inside it: that is the hub's"],
    ['cn=subschema', "must not be cn=subschema or lie inside it: that is the hub's"],
    ['o=lamyne, c=fr', 'must be written o=lamyne,c=fr'],
    ['o=lieux, ateliers', String.raw`must be written o=lieux\, ateliers`],
  ];
  test.each(bad)('is not %j', async (base, message) => {
    const [fault] = await faults(withLdap(`{ base: ${JSON.stringify(base)} }`));
    expect(fault).toMatch(/^hub\.yaml:8:13 communities\[0\]\.ldap\.base: /);
    expect(fault).toContain(message);
  });

  const clashes: [string, string, string][] = [
    ['o=x', 'O=X', 'is the same LDAP base as on line 8: each may stand once'],
    ['o=a b', '2.5.4.10=A B', 'is the same LDAP base as on line 8'],
    [String.raw`o=a\,b`, String.raw`o=A\,B`, 'is the same LDAP base as on line 8'],
    ['o=x', 'ou=y,o=x', 'lies inside the LDAP base of line 8 ("o=x")'],
    ['ou=z,ou=y,o=x', 'o=X', 'holds the LDAP base of line 8 ("ou=z,ou=y,o=x")'],
  ];
  test.each(clashes)(
    '%j does not stand beside %j, in the file or on the hub',
    async (a, b, message) => {
      const base = (dn: string) => `{ base: '${dn}' }`;
      const first = withLdap(base(a));
      const [fault, ...rest] = await faults(first + another('aval', base(b)));
      expect(rest).toEqual([]);
      expect(fault).toContain(`communities[1].ldap.base: ${message}`);
      await apply(first);
      const [foreign, ...others] = await faults(
        `version: 1\ncommunities:\n${another('aval', base(b))}`,
      );
      expect(others).toEqual([]);
      expect(foreign).toMatch(/^hub\.yaml:3:\d+ communities\[0\]\.ldap\.base: has the LDAP base /);
      expect(foreign).toMatch(
        /which (belongs to|lies inside that of|holds that of) the community "lamyne"/,
      );
    },
  );

  test('is not that which another community has by default', async () => {
    const [fault] = await faults(HUB + another('aval', '{ base: "ou=aval,o=lamyne" }'));
    expect(fault).toContain('lies inside the LDAP base of line 5 ("o=lamyne")');
  });

  test('may be left by one community and taken by another in the same run', async () => {
    await apply(withLdap('{ base: "o=x" }'));
    await apply(withLdap('{ base: "o=y" }') + another('aval', '{ base: "o=x" }'));
    const rows = await db.database.query('SELECT ldap_base FROM communities ORDER BY slug');
    expect(rows).toEqual([{ ldap_base: 'o=x' }, { ldap_base: 'o=y' }]);
  });
});

describe('POSIX accounts', () => {
  const wrong: [string, string, string][] = [
    [
      'a group that is not there',
      POSIX.replace('membres', 'membre'),
      'primaryGroup: names the group "membre", which is not among this community\'s groups',
    ],
    ['a missing key', '{ firstNumber: 10000, count: 10 }', 'primaryGroup: is missing'],
    [
      "a system's own numbers",
      POSIX.replace('10000', '999'),
      'firstNumber: must be a whole number from 1000 to',
    ],
    [
      'systemd’s numbers',
      POSIX.replace('10000', '61100'),
      'firstNumber: takes in some of 61184 to 65535',
    ],
    ['half a number', POSIX.replace('10000', '10000.5'), 'firstNumber: must be a whole number'],
    [
      'numbers that are none',
      POSIX.replace('10000', '2147483600'),
      'count: reaches beyond 2147483646',
    ],
    ['no numbers', POSIX.replace('100,', '0,'), 'count: must be a whole number from 1'],
    [
      'a home for all',
      POSIX.replace(' }', ', home: /home }'),
      'home: must be a path with {username} in it',
    ],
    [
      'a home with a colon',
      POSIX.replace(' }', ', home: "/home:{username}" }'),
      'home: must be a path',
    ],
    [
      'a shell that is no path',
      POSIX.replace(' }', ', shell: bash }'),
      'shell: must be the path of a program',
    ],
  ];
  test.each(wrong)('are not turned on with %s', async (_, posix, message) => {
    const [fault, ...rest] = await faults(withPosix(posix));
    expect(rest).toEqual([]);
    expect(fault).toMatch(/^hub\.yaml:8:\d+ communities\[0\]\.ldap\.posix\./);
    expect(fault).toContain(message);
  });

  test('of two communities have no number in common, in the file or on the hub', async () => {
    const range = '{ posix: { firstNumber: 10099, count: 10, primaryGroup: tous } }';
    const [fault] = await faults(withPosix() + another('aval', range));
    expect(fault).toContain(
      'communities[1].ldap.posix.firstNumber: has numbers (10099 to 10108) that the range on line 8 has, too',
    );
    await apply(withPosix());
    const [foreign] = await faults(`version: 1\ncommunities:\n${another('aval', range)}`);
    expect(foreign).toContain(
      'communities[0].ldap.posix.firstNumber: has numbers (10099 to 10108) of the community lamyne, whose are 10000 to 10099',
    );
    await apply(`version: 1\ncommunities:\n${another('aval', range.replace('10099', '10100'))}`);
  });

  test('go on being numbered as groups and members come', async () => {
    await apply(withPosix());
    const before = await numbers();
    await apply(
      withPosix()
        .replace(
          '      - { name: bureau }\n',
          '      - { name: bureau }\n      - { name: atelier }\n',
        )
        .replace('    members:\n', '    members:\n      - { username: zoe, name: Zoé }\n'),
    );
    expect(await numbers()).toEqual({ ...before, atelier: 10_004, zoe: 10_005 });
  });

  test('are refused when the numbers do not suffice, and nothing is applied', async () => {
    const [fault] = await faults(withPosix(POSIX.replace('100,', '3,')));
    expect(fault).toMatch(/^hub\.yaml:8:\d+ communities\[0\]\.ldap\.posix\.count: /);
    // The groups have theirs by then.
    expect(fault).toContain('1 numbers left, and 2 are needed');
    expect(await one('SELECT 1 FROM communities')).toBeUndefined();
  });

  test('keep their numbers when the range grows, on either side', async () => {
    await apply(withPosix());
    const before = await numbers();
    const wider = POSIX.replace('10000', '9000').replace('100,', '2000,');
    expect(formatPlan(await apply(withPosix(wider)))).toContain('~ community lamyne: ldap.posix');
    expect(await numbers()).toEqual(before);
    expect(await one('SELECT next_number FROM posix_ranges')).toEqual({ next_number: 10_004 });
    await apply(
      withPosix(wider).replace(
        '    members:\n',
        '    members:\n      - { username: zoe, name: Zoé }\n',
      ),
    );
    expect(await numbers()).toEqual({ ...before, zoe: 10_004 });
  });

  test.each([
    ['another place', POSIX.replace('10000', '20000')],
    ['a later beginning', POSIX.replace('10000', '10001')],
    ['an earlier end', POSIX.replace('100,', '3,')],
  ])('keep the range that their numbers are of: not %s', async (_, posix) => {
    await apply(withPosix());
    const [fault] = await faults(withPosix(posix));
    expect(fault).toContain(
      'communities[0].ldap.posix.firstNumber: leaves out numbers that were given already: the range must hold 10000 to 10003',
    );
  });

  test('are turned off by null, and come back with the same numbers, which nobody else was given', async () => {
    await apply(withPosix());
    const before = await numbers();
    expect(formatPlan(await apply(withPosix('null')))).toContain('~ community lamyne: ldap.posix');
    expect(await one('SELECT posix_primary_group_id AS id FROM communities')).toEqual({ id: null });
    const range = '{ posix: { firstNumber: 10050, count: 10, primaryGroup: tous } }';
    const [fault] = await faults(`version: 1\ncommunities:\n${another('aval', range)}`);
    expect(fault).toContain('of the community lamyne');
    await apply(withPosix());
    expect(await numbers()).toEqual(before);
  });

  test('change their group, home and shell without changing numbers', async () => {
    await apply(withPosix());
    const before = await numbers();
    await apply(
      withPosix(
        '{ firstNumber: 10000, count: 100, primaryGroup: BUREAU, home: "/srv/{username}", shell: /bin/zsh }',
      ),
    );
    const stored = await one(
      `SELECT posix_home, posix_shell, g.name AS "primary" FROM communities c JOIN groups g ON g.id = c.posix_primary_group_id`,
    );
    expect(stored).toEqual({
      posix_home: '/srv/{username}',
      posix_shell: '/bin/zsh',
      primary: 'bureau',
    });
    expect(await numbers()).toEqual(before);
  });

  test('hold their primary group: --prune does not delete it, unless they are turned off', async () => {
    await apply(withPosix());
    const without = `version: 1
communities:
  - slug: lamyne
    name: La MYNE
    groups: [{ name: bureau }]
`;
    const [fault] = await faults(without, { prune: true });
    expect(fault).toContain(
      'hub.yaml:5:5 communities[0].groups: does not name membres, which is the primary group of the POSIX accounts',
    );
    await apply(`${without}    ldap: { posix: null }\n`, { prune: true });
    expect(await numbers()).not.toHaveProperty('membres');
  });
});

describe("operators' readers", () => {
  const readers = (list: string) => `version: 1\noperatorReaders: [${list}]\n`;
  const backup = '{ name: backup, password: { env: BACKUP } }';
  const env = { BACKUP: 'a secret for the backup' };

  test('come, get another password, and go with --prune only', async () => {
    expect(formatPlan(await apply(readers(backup), { env }))).toBe(
      '+ operator-reader backup\n1 added, 0 changed, 0 taken away',
    );
    const stored = () => one('SELECT name, password_hash FROM operator_readers');
    expect((await checkPassword((await stored()).password_hash, env.BACKUP)).matches).toBe(true);
    expect(formatPlan(await apply(readers(backup), { env }))).toBe('nothing to change');
    const other = { BACKUP: 'another secret, as long' };
    expect(formatPlan(await apply(readers(backup), { env: other }))).toContain(
      '~ operator-reader backup: password',
    );
    expect((await checkPassword((await stored()).password_hash, other.BACKUP)).matches).toBe(true);
    expect(formatPlan(await apply(readers('')))).toBe('nothing to change');
    expect(formatPlan(await apply(readers(''), { prune: true }))).toContain(
      '- operator-reader backup',
    );
    expect(await stored()).toBeUndefined();
    const told = await db.database.query('SELECT type, actor, details FROM events ORDER BY id');
    expect(told).toEqual(
      ['created', 'updated', 'removed'].map((what) => ({
        type: `operator-reader.${what}`,
        actor: 'apply',
        details: { name: 'backup' },
      })),
    );
  });

  test('have a name of their own and a password that is long enough', async () => {
    expect(await faults(readers(`${backup}, ${backup}`), { env })).toEqual([
      expect.stringContaining('operatorReaders[1].name: is the same reader as on line 2'),
    ]);
    expect(await faults(readers('{ name: Backup, password: short }'))).toEqual([
      expect.stringContaining('operatorReaders[0].name: must have 1 to 63 characters'),
      expect.stringContaining('operatorReaders[0].password: must have at least 12 characters'),
    ]);
  });
});

describe('modifyTimestamp moves (row 11)', () => {
  /** Groups and members whose time the text moves. */
  async function moved(text: string, options: Partial<ApplyOptions> = {}): Promise<string[]> {
    const before = "now() - interval '1 day'";
    await db.database.query(`UPDATE groups SET updated_at = ${before}`);
    await db.database.query(`UPDATE memberships SET updated_at = ${before}`);
    await apply(text, options);
    const rows = await db.database.query<{ name: string }>(
      `SELECT name FROM (SELECT name, updated_at FROM groups UNION ALL SELECT username, updated_at FROM memberships) r
       WHERE updated_at > now() - interval '1 hour' ORDER BY name COLLATE "C"`,
    );
    return rows.map(({ name }) => name);
  }
  const NET = `version: 1
communities:
  - slug: lamyne
    name: La MYNE
    groups:
      - { name: all, groups: [inner] }
      - { name: inner }
      - { name: other }
    members:
      - { username: ann, name: Ann, groups: [inner] }
      - { username: ben, name: Ben, groups: [other] }
      - { username: cat, name: Cat, groups: [] }
`;
  const steps: [string, (text: string) => string, string[]][] = [
    ['nothing', (text) => text, []],
    [
      'a member in another group',
      (text) => text.replace('groups: []', 'groups: [inner]'),
      ['all', 'cat', 'inner'],
    ],
    [
      'a new member of a group',
      (text) => `${text}      - { username: dan, name: Dan, groups: [inner] }\n`,
      ['all', 'dan', 'inner'],
    ],
    ['a member taken out', (text) => text.replace('[other]', '[]'), ['ben', 'other']],
    ['a username in capitals', (text) => text.replace('ann,', 'ANN,'), ['ANN', 'all', 'inner']],
    [
      'a suspension',
      (text) => text.replace('name: Ann,', 'name: Ann, status: suspended,'),
      ['all', 'ann', 'inner'],
    ],
    ['a display name', (text) => text.replace('name: Ann,', 'name: Anne,'), ['ann']],
    [
      'a group put into another',
      (text) => text.replace('name: other', 'name: other, groups: [all]'),
      ['all', 'ann', 'other'],
    ],
    [
      'a group taken out of another',
      (text) =>
        text.replace(
          'groups: [inner] }\n      - { name: inner',
          'groups: [] }\n      - { name: inner',
        ),
      ['all', 'ann', 'inner'],
    ],
    [
      'a group in capitals',
      (text) => text.replace('name: inner', 'name: INNER'),
      ['INNER', 'all', 'ann'],
    ],
    [
      "a group's description",
      (text) => text.replace('name: inner', 'name: inner, description: x'),
      ['inner'],
    ],
    [
      'a group deleted',
      (text) => text.replace('      - { name: other }\n', '').replace('[other]', '[]'),
      ['ben'],
    ],
    [
      'a group deleted that members do not name either',
      (text) =>
        text
          .replace('groups: [inner] }\n      - { name: inner }', 'groups: [] }')
          .replace('Ann, groups: [inner]', 'Ann'),
      ['all', 'ann'],
    ],
    [
      'a group deleted that was in one which says nothing of those inside',
      (text) =>
        text
          .replace('name: all, groups: [inner] }\n      - { name: inner }', 'name: all }')
          .replace('Ann, groups: [inner]', 'Ann'),
      ['all', 'ann'],
    ],
    [
      'a member who is not named',
      (text) => text.replace('      - { username: ann, name: Ann, groups: [inner] }\n', ''),
      ['all', 'ann', 'inner'],
    ],
  ];
  test.each(steps)('with %s', async (_, change, expected) => {
    await apply(NET);
    expect(await moved(change(NET), { prune: true })).toEqual(expected);
  });
});
