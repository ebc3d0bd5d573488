import { clientSecretContext } from '../../src/domain/communities/community.ts';
import { checkPassword } from '../../src/domain/people/password.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Sealer } from '../../src/platform/secrets/sealer.ts';

/**
 * What two hubs that came to the same by two ways have in common: rows of communities and services, ends of
 * sessions, outbox and events, by names instead of ids, without times, and secrets opened.
 */
export type Snapshots = { take(database: Database): Promise<Record<string, unknown[]>> };

type Row = Record<string, unknown>;

export function createSnapshots(sealer: Sealer, passwords: readonly string[]): Snapshots {
  /** Names of all ids that were ever seen: events go on telling of what is gone. */
  const names = new Map<string, string>();
  const known = new Map<string, string>();

  async function passwordOf(hash: string): Promise<string> {
    for (const password of passwords) {
      if (known.has(hash)) break;
      if ((await checkPassword(hash, password)).matches) known.set(hash, password);
    }
    return known.get(hash) ?? 'another password';
  }

  const named = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value ?? null), (_key, part) =>
      typeof part === 'string' ? (names.get(part) ?? part) : part,
    );

  return {
    async take(database) {
      for (const { id, name } of await database.query<Row>(NAMED))
        names.set(id as string, name as string);
      const tables: Record<string, Row[]> = {};
      for (const { of, row } of await database.query<{ of: string; row: Row }>(EVERYTHING)) {
        tables[of] ??= [];
        tables[of].push(row);
      }
      for (const row of [...(tables.readers ?? []), ...(tables.operatorReaders ?? [])])
        row.password = await passwordOf(row.password as string);
      for (const row of tables.clients ?? []) row.sealed_secret = openSecret(row);
      return Object.fromEntries(
        Object.entries(tables).map(([table, list]) => [
          table,
          table === 'events' ? list.map(named) : sorted(list.map(named)),
        ]),
      );
    },
  };

  function openSecret({ community_id, service_id, sealed_secret }: Row): string | null {
    if (sealed_secret === null) return null;
    const context = clientSecretContext(community_id as string, service_id as string);
    const sealed = Buffer.from((sealed_secret as string).slice('\\x'.length), 'hex');
    return sealer.open(sealed, context).toString();
  }
}

function sorted(list: unknown[]): unknown[] {
  return list
    .map((row) => JSON.stringify(row))
    .sort()
    .map((row) => JSON.parse(row));
}

const NAMED = `SELECT id, 'community ' || slug AS name FROM communities
  UNION ALL SELECT s.id, 'service ' || c.slug || '/' || s.slug FROM services s JOIN communities c ON c.id = s.community_id
  UNION ALL SELECT g.id, 'group ' || c.slug || '/' || g.name FROM groups g JOIN communities c ON c.id = g.community_id
  UNION ALL SELECT m.subject, 'member ' || c.slug || '/' || m.username
    FROM memberships m JOIN communities c ON c.id = m.community_id`;

const TABLES = {
  communities: `SELECT id, to_jsonb(c) - 'created_at' - 'updated_at' AS row FROM communities c`,
  hosts: 'SELECT community_id, host, position FROM community_hosts',
  ldapHosts: 'SELECT community_id, host, position FROM community_ldap_hosts',
  logos: `SELECT community_id, encode(sha256, 'hex') AS logo FROM community_logos`,
  questions: 'SELECT community_id, position, text, required FROM registration_questions',
  ranges: 'SELECT * FROM posix_ranges',
  numbers:
    'SELECT id, gid_number AS number FROM groups UNION ALL SELECT subject, uid_number FROM memberships',
  services: `SELECT id, to_jsonb(s) - 'created_at' - 'updated_at' AS row FROM services s`,
  rules: 'SELECT service_id, group_id FROM service_access_groups',
  clients: 'SELECT * FROM service_clients',
  readers: 'SELECT service_id, password_hash AS password FROM service_readers',
  operatorReaders: 'SELECT name, password_hash AS password FROM operator_readers',
  accounts: 'SELECT service_id, subject, state FROM accounts',
  sessions: 'SELECT subject, uid, payload FROM sessions',
  artifacts: 'SELECT subject, kind, client_id FROM oidc_artifacts',
  outbox: 'SELECT community_id, kind, payload FROM outbox',
  events: 'SELECT id, community_id, type, subject, service_id, details FROM events',
};

/** Events in their order. */
const EVERYTHING = `SELECT t.of, t.row - CASE t.of WHEN 'events' THEN 'id' ELSE '' END AS row FROM (${Object.entries(
  TABLES,
)
  .map(([of, sql]) => `SELECT '${of}' AS of, to_jsonb(x) AS row FROM (${sql}) x`)
  .join(
    ' UNION ALL ',
  )}) t ORDER BY t.of, (CASE t.of WHEN 'events' THEN t.row ->> 'id' END)::bigint`;
