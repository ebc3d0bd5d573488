import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/platform/database/database.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { startThrowAwayPostgres } from './throw-away-postgres.ts';

/**
 * One PostgreSQL for the whole run, with the migrated template that each test file clones: that of
 * TEST_DATABASE_URL (a superuser's), else an embedded one that is gone after the run.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // The commands that tests run are compiled once, not a hundred times.
  const compiled = await mkdtemp(join(tmpdir(), 'trousseau-compiled-'));
  process.env.NODE_COMPILE_CACHE = compiled;
  const given = process.env.TEST_DATABASE_URL;
  const server =
    given === undefined
      ? await startThrowAwayPostgres()
      : { url: given, remove: () => Promise.resolve() };
  const template = `template_${randomBytes(6).toString('hex')}`;
  try {
    await makeTemplate(server.url, template);
  } catch (error) {
    await server.remove();
    throw error;
  }
  project.provide('postgresUrl', server.url);
  project.provide('template', template);
  return async () => {
    await dropTemplate(server.url, template);
    await server.remove();
    // The last workers may be writing to it still.
    await rm(compiled, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
}

async function makeTemplate(url: string, name: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const template = new URL(url);
  template.pathname = `/${name}`;
  const database = await openDatabase({ url: template.href });
  await migrate(database);
  await database.close();
}

async function dropTemplate(url: string, name: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await client.end();
}
