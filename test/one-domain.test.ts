import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** Tables of people, memberships, groups and operators. */
const TABLES = [
  'persons',
  'person_emails',
  'memberships',
  'groups',
  'group_members',
  'group_nestings',
  'operators',
  'operator_sessions',
];
const WRITES = new RegExp(
  String.raw`\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|TRUNCATE|MERGE\s+INTO)\s+(?:ONLY\s+)?"?(${TABLES.join('|')})\b`,
  'gi',
);

async function sources(): Promise<{ file: string; text: string }[]> {
  const names = await readdir(SRC, { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts')).sort();
  return Promise.all(
    files.map(async (name) => ({
      file: relative(SRC, join(SRC, name)),
      text: await readFile(join(SRC, name), 'utf8'),
    })),
  );
}

test('only the domain writes people, memberships, groups and operators', async () => {
  const writers = (await sources())
    .filter(({ file }) => !file.startsWith('domain/'))
    .flatMap(({ file, text }) => [...text.matchAll(WRITES)].map(([sql]) => `${file}: ${sql}`));
  expect(writers).toEqual([]);
});

test('one file makes members and gives them roles and statuses, and one forgets them', async () => {
  const writers = (await sources()).filter(
    ({ text }) =>
      text.includes('INSERT INTO memberships') ||
      [...text.matchAll(/UPDATE memberships\b([^`]*?)\bWHERE\b/g)].some(([, columns]) =>
        /\b(?:role|status|status_reason)\s*=/.test(columns ?? ''),
      ),
  );
  expect(writers.map(({ file }) => file)).toEqual([
    'domain/account-deletion/erase-person.ts',
    'domain/memberships/store-members.ts',
  ]);
});

test('the test sees what it looks for', () => {
  const found = (sql: string) => [...sql.matchAll(WRITES)].length;
  expect(found('UPDATE memberships SET role = $1')).toBe(1);
  expect(found('WITH gone AS (DELETE FROM group_members g USING x) SELECT 1')).toBe(1);
  expect(found('SELECT 1 FROM groups FOR NO KEY UPDATE OF groups')).toBe(0);
  expect(found('INSERT INTO groups_of_something')).toBe(0);
});
