import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** What communities' settings and services are made of. */
const TABLES = [
  'communities',
  'community_hosts',
  'community_ldap_hosts',
  'community_logos',
  'host_claims',
  'registration_questions',
  'posix_ranges',
  'services',
  'service_access_groups',
  'service_clients',
  'service_readers',
  'accounts',
  'operator_readers',
];

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(`${SRC}${name}`, 'utf8') }));

/** Files with a statement that writes a table, by the folders that they are in. */
function writersOf(tables: readonly string[]): string[] {
  const statement = new RegExp(
    String.raw`\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE|COPY)\s+(ONLY\s+)?(${tables.join('|')})\b`,
    'i',
  );
  return sources.filter(({ text }) => statement.test(text)).map(({ name }) => name);
}

test.each(TABLES)('%s is written by the domain, and by nothing else', (table) => {
  const writers = writersOf([table]);
  expect(writers).not.toEqual([]);
  expect(writers.filter((name) => !name.startsWith('domain/'))).toEqual([]);
});

test('neither a file nor a command ends sessions or queues messages by itself', () => {
  const writers = writersOf(['sessions', 'oidc_artifacts', 'outbox']);
  expect(writers.filter((name) => /^(transfer|cli)\//.test(name))).toEqual([]);
});
