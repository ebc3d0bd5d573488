import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/domain/people/password.ts';
import { type Database, openDatabase } from '../../src/platform/database/database.ts';
import { openEmbeddedServer } from '../../src/platform/database/embedded/open-embedded-server.ts';
import { findPostmaster } from '../../src/platform/database/embedded/postmaster-file.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { freePort } from '../../test/support/free-port.ts';
import { processorTime, startScript } from '../processes.ts';
import type { LdapTarget } from './ldap-target.ts';
import {
  BASE,
  makePopulation,
  PERSON_SECRET,
  type Population,
  READER_SECRET,
} from './population.ts';

/** Rows that one statement takes. */
const CHUNK = 5_000;

/** Our bridge in a process that does nothing else, on an embedded PostgreSQL. */
export async function makeBridgeTarget(people: number): Promise<LdapTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'trousseau-bench-ldap-'));
  const log = { info: () => {}, warn: (message: string) => console.error(message) };
  const server = await openEmbeddedServer(folder, { purpose: 'hub', log });
  const port = await freePort();
  const database = await openDatabase({ url: server.url });
  await migrate(database);
  await fill(database, makePopulation(people));
  await database.close();
  return {
    name: 'bridge',
    port,
    async start() {
      const started = await startScript(
        'hub-process.ts',
        {
          TROUSSEAU_URL: 'http://localhost:1',
          TROUSSEAU_ROLES: 'ldap',
          TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${port}`,
          TROUSSEAU_SECRET: 'the-secret-of-the-benchmark-32-characters',
          DATABASE_URL: server.url,
          LOG_LEVEL: 'warn',
        },
        // As `npm start` does.
        ['--max-semi-space-size=4'],
      );
      return { pid: started.child.pid as number, ask: started.ask, stop: started.stop };
    },
    async databaseTime() {
      const postmaster = await findPostmaster(server.site.cluster);
      return postmaster === undefined ? 0 : processorTime(postmaster.pid, true);
    },
    async remove() {
      await server.close();
      await rm(server.site.base, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function fill(db: Database, { people, groups }: Population): Promise<void> {
  const [community] = await db.query<{ id: string }>(
    `INSERT INTO communities (slug, name, ldap_base, ldap_password_bind)
     VALUES ('bench', 'bench', $1, true) RETURNING id`,
    [BASE],
  );
  const id = community?.id as string;
  const passwordHash = await hashPassword(PERSON_SECRET);
  for (let first = 0; first < people.length; first += CHUNK) {
    const part = people.slice(first, first + CHUNK);
    const column = (read: (person: (typeof part)[number]) => string) => part.map(read);
    await db.query(
      `WITH wanted AS (
         SELECT *, gen_random_uuid() AS person_id
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
           AS t (subject, uid, given, family, mail)),
       persons AS (INSERT INTO persons (id, password_hash, password_changed_at)
         SELECT person_id, $7, now() FROM wanted),
       addresses AS (INSERT INTO person_emails (person_id, address, verified_at)
         SELECT person_id, mail, now() FROM wanted)
       INSERT INTO memberships (community_id, subject, person_id, username, username_key,
         display_name, given_name, family_name, email, email_key)
       SELECT $1, subject, person_id, uid, uid, given || ' ' || family, given, family, mail, mail
       FROM wanted`,
      [
        id,
        column(({ uuid }) => uuid),
        column(({ uid }) => uid),
        column(({ givenName }) => givenName),
        column(({ sn }) => sn),
        column(({ mail }) => mail),
        passwordHash,
      ],
    );
  }
  await db.query(
    `INSERT INTO groups (community_id, id, name, name_key)
     SELECT $1, id, name, name FROM unnest($2::uuid[], $3::text[]) AS t (id, name)`,
    [id, groups.map(({ uuid }) => uuid), groups.map(({ name }) => name)],
  );
  const pairs = groups.flatMap(({ uuid, members }) =>
    members.map((index) => [uuid, people[index]?.uuid as string] as const),
  );
  for (let first = 0; first < pairs.length; first += 10 * CHUNK) {
    const part = pairs.slice(first, first + 10 * CHUNK);
    await db.query(
      `INSERT INTO group_members (community_id, group_id, subject)
       SELECT $1, group_id, subject FROM unnest($2::uuid[], $3::uuid[]) AS t (group_id, subject)`,
      [id, part.map(([group]) => group), part.map(([, subject]) => subject)],
    );
  }
  await addReader(db, id);
  // What autovacuum does within a minute.
  await db.query('ANALYZE');
}

async function addReader(db: Database, communityId: string): Promise<void> {
  const [service] = await db.query<{ id: string }>(
    `INSERT INTO services (community_id, slug, recipe, name)
     VALUES ($1, 'cloud', 'generic-oidc', 'Cloud') RETURNING id`,
    [communityId],
  );
  await db.query(
    'INSERT INTO service_readers (community_id, service_id, password_hash) VALUES ($1, $2, $3)',
    [communityId, service?.id, await hashPassword(READER_SECRET)],
  );
}
