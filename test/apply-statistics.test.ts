import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Queryable } from '../src/platform/database/database.ts';
import { readPeople } from '../src/protocols/ldap/directory/read-directory.ts';
import { applyFile } from '../src/transfer/apply/apply-file.ts';
import { SEALER } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

const MEMBERS = 5_000;
/** What the file fills. */
const TABLES = ['events', 'group_members', 'memberships', 'person_emails', 'persons'];

let db: TestDatabase;
let folder: string;

beforeAll(async () => {
  db = await cloneDatabase();
  // What is known of the tables is what the hub has asked for, not what PostgreSQL came by to look at meanwhile.
  for (const table of TABLES)
    await db.database.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  folder = await mkdtemp(join(tmpdir(), 'apply-'));
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

async function apply(members: number): Promise<void> {
  const lines = Array.from(
    { length: members },
    (_, n) =>
      `      - { username: m${n}, name: M ${n}, email: m${n}@city.example, groups: [g${n % 50}, all] }`,
  );
  const groups = Array.from({ length: 50 }, (_, n) => `{ name: g${n} }`).join(', ');
  const path = join(folder, 'city.yaml');
  await writeFile(
    path,
    `version: 1
communities:
  - slug: city
    name: City
    groups: [{ name: all }, ${groups}]
    members:
${lines.join('\n')}
`,
  );
  await applyFile(db.database, SEALER, { path, hubUrl: 'https://hub.example', env: {} });
}

async function known(): Promise<Record<string, number>> {
  const rows = await db.database.query<{ name: string; rows: number }>(
    `SELECT c.relname AS name, c.reltuples::int AS rows FROM pg_class c WHERE c.relname = ANY($1)
       AND c.relnamespace = 'public'::regnamespace AND EXISTS (SELECT FROM pg_stats s WHERE s.tablename = c.relname)`,
    [TABLES],
  );
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
}

test('a few members are nothing to look at tables for', async () => {
  await apply(20);
  expect(await known()).toEqual({});
});

test('PostgreSQL knows what came as soon as it is there, and LDAP is answered from it', async () => {
  await apply(MEMBERS);
  expect(await known()).toEqual({
    events: expect.any(Number),
    memberships: MEMBERS,
    persons: MEMBERS,
    person_emails: MEMBERS,
    group_members: MEMBERS * 2,
  });
  const plan = await pagePlan();
  // Each member of the page by themselves: not all ties of the community for each of them.
  expect(JSON.stringify(plan)).toContain('ix_group_members_subject');
  expect(JSON.stringify(plan)).not.toContain('Seq Scan');
  expect(plan['Shared Hit Blocks']).toBeLessThan(500 * 40);
});

/** How PostgreSQL reads the first page of a directory. */
async function pagePlan(): Promise<Record<string, unknown>> {
  const [community] = await db.database.query<{ id: string }>('SELECT id FROM communities');
  const plans: Record<string, unknown>[] = [];
  const explaining: Queryable = {
    async query(sql, params) {
      const explained = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`;
      const [row] = await db.database.query(explained, params);
      plans.push(row['QUERY PLAN'][0].Plan);
      return [];
    },
  };
  for await (const _ of readPeople(explaining, community?.id as string));
  return plans[0] as Record<string, unknown>;
}
