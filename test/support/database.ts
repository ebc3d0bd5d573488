import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/platform/database/database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a superuser of the test run's PostgreSQL, on its `postgres` database. */
    postgresUrl: string;
    /** Name of the migrated database that each test file clones. */
    template: string;
  }
}

export type TestDatabase = { database: Database; url: string; drop(): Promise<void> };

/** A database of the file's own: a clone of the migrated template on a real PostgreSQL. */
export async function cloneDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await admin(`CREATE DATABASE ${name} TEMPLATE ${inject('template')} STRATEGY FILE_COPY`);
  const url = databaseUrl(name);
  // Files that run at once share the PostgreSQL, where each connection is a process that has to begin from nothing.
  const database = await openDatabase({ url, poolSize: 5 });
  return {
    database,
    url,
    async drop() {
      await database.close();
      await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

function databaseUrl(name: string): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

let administration: Promise<pg.Client> | undefined;
let asked: Promise<unknown> = Promise.resolve();

/** By one connection for all files of a worker: each is a process, twice for each file. */
async function admin(sql: string): Promise<void> {
  administration ??= connectForGood(inject('postgresUrl'));
  const client = await administration;
  const turn = asked.then(() => client.query(sql));
  asked = turn.catch(() => {});
  await turn;
}

async function connectForGood(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  // PostgreSQL may be stopped before the worker ends.
  client.on('error', () => {});
  await client.connect();
  return client;
}
