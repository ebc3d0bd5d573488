import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientSecretContext } from '../src/domain/communities/community.ts';
import { hashPassword } from '../src/domain/people/password.ts';
import { SIGNING_ALGS } from '../src/domain/signing-keys/signing-algs.ts';
import { generateSigningKey } from '../src/domain/signing-keys/signing-key.ts';
import { insertKey } from '../src/domain/signing-keys/signing-key-store.ts';
import { type Database, openDatabase } from '../src/platform/database/database.ts';
import { openEmbeddedServer } from '../src/platform/database/embedded/open-embedded-server.ts';
import { findPostmaster } from '../src/platform/database/embedded/postmaster-file.ts';
import { migrate } from '../src/platform/database/migrations.ts';
import { createSealer, type Sealer } from '../src/platform/secrets/sealer.ts';
import { freePort } from '../test/support/free-port.ts';
import { processorTime, type Started, startScript } from './processes.ts';
import type { Target } from './target.ts';

const SECRET = 'the-secret-of-the-benchmark-32-characters';
const CLIENT_SECRET = 'bench-secret-bench-secret-bench-secret';
const PASSWORD = 'correct horse battery staple';
const REDIRECT = 'https://bench.example/callback';

export type HubTarget = Target & {
  databaseUrl: string;
  start(execArgv?: string[]): Promise<Started>;
  /** Processor time of PostgreSQL so far, in milliseconds. */
  databaseTime(): Promise<number>;
  remove(): Promise<void>;
};

/** A database as durable as a real one, seeded; the hub is started on it as often as asked. */
export async function makeHubTarget(options: {
  communities: number;
  members: number;
  /** More settings of the hub. */
  env?: Record<string, string>;
  /** More to be stored before it starts. */
  alsoSeed?: (database: Database) => Promise<void>;
}): Promise<HubTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'trousseau-bench-'));
  const log = { info: () => {}, warn: (message: string) => console.error(message) };
  const server = await openEmbeddedServer(folder, { purpose: 'hub', log });
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const database = await openDatabase({ url: server.url });
  await migrate(database);
  await seed(database, createSealer([SECRET]), url, options);
  await options.alsoSeed?.(database);
  await database.close();
  return {
    name: 'hub',
    realms: Array.from({ length: options.communities }, (_, index) => ({
      issuer: `${url}/c/lieu-${index + 1}`,
      clientId: 'bench',
      clientSecret: CLIENT_SECRET,
      redirectUri: REDIRECT,
    })),
    usernames: Array.from(
      { length: Math.min(options.members, 64) },
      (_, index) => `membre${index + 1}`,
    ),
    password: PASSWORD,
    databaseUrl: server.url,
    start: (execArgv) =>
      startScript(
        'hub-process.ts',
        {
          TROUSSEAU_URL: url,
          TROUSSEAU_LISTEN: `127.0.0.1:${port}`,
          TROUSSEAU_LDAP_LISTEN: 'off',
          TROUSSEAU_SECRET: SECRET,
          DATABASE_URL: server.url,
          LOG_LEVEL: 'warn',
          ...options.env,
        },
        execArgv,
      ),
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

async function seed(
  db: Database,
  sealer: Sealer,
  url: string,
  counts: { communities: number; members: number },
) {
  const { communities, members } = counts;
  const passwordHash = await hashPassword(PASSWORD);
  await db.query(
    `INSERT INTO communities (slug, name, ldap_base) SELECT 'lieu-' || n, 'Lieu ' || n, 'o=lieu-' || n FROM generate_series(1, $1::int) n`,
    [communities],
  );
  await db.query(
    `WITH wanted AS (
       SELECT c.id AS community_id, c.slug, n, gen_random_uuid() AS person_id
       FROM communities c, generate_series(1, $1::int) n),
     people AS (INSERT INTO persons (id, password_hash) SELECT person_id, $2 FROM wanted),
     addresses AS (INSERT INTO person_emails (person_id, address, verified_at)
       SELECT person_id, 'membre' || n || '@' || slug || '.example', now() FROM wanted)
     INSERT INTO memberships (community_id, person_id, username, username_key, display_name, email, email_key)
     SELECT community_id, person_id, 'membre' || n, 'membre' || n, 'Prénom membre' || n,
       'membre' || n || '@' || slug || '.example', 'membre' || n || '@' || slug || '.example' FROM wanted`,
    [members, passwordHash],
  );
  // One pair for all: making 1,000 would measure the generator of keys.
  const keys = await Promise.all(SIGNING_ALGS.map((alg) => generateSigningKey(alg)));
  const rows = await db.query<{ id: string; slug: string }>('SELECT id, slug FROM communities');
  const now = new Date();
  await db.transaction(async (tx) => {
    for (const { id, slug } of rows) {
      for (const key of keys)
        await insertKey(tx, sealer, id, key, { createdAt: now, activatesAt: now });
      const [service] = await tx.query<{ id: string }>(
        `INSERT INTO services (community_id, slug, recipe, name) VALUES ($1, 'bench', 'generic-oidc', 'Bench') RETURNING id`,
        [id],
      );
      await tx.query(
        `INSERT INTO service_clients (community_id, service_id, client_id, sealed_secret, issuer, redirect_uris, grant_types)
         VALUES ($1, $2, 'bench', $3, $4, $5, '{authorization_code,refresh_token,client_credentials}')`,
        [
          id,
          service?.id,
          sealer.seal(CLIENT_SECRET, clientSecretContext(id, service?.id as string)),
          `${url}/c/${slug}`,
          [REDIRECT],
        ],
      );
    }
  });
  // What autovacuum does within a minute; it would not look at the tables that are still empty.
  await db.query('ANALYZE communities, persons, person_emails, memberships, signing_keys');
}

/** The bare provider as a target; every username is accepted there. */
export async function startBare(
  execArgv?: string[],
): Promise<{ target: Target; process: Started }> {
  const started = await startScript('bare-provider.ts', {}, execArgv);
  const target = {
    name: 'bare',
    realms: [
      {
        issuer: `http://localhost:${started.message.port}`,
        clientId: 'bench',
        clientSecret: CLIENT_SECRET,
        redirectUri: REDIRECT,
      },
    ],
    usernames: Array.from({ length: 64 }, (_, index) => `membre${index + 1}`),
    password: PASSWORD,
  };
  return { target, process: started };
}
