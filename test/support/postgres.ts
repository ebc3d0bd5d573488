import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations.ts';
import { TEMPLATE } from './database.ts';

/** One PostgreSQL for the whole run, with the migrated template that each test file clones. */
export async function setup(project: TestProject): Promise<void> {
  const url = process.env.TEST_DATABASE_URL as string;
  await makeTemplate(url);
  project.provide('postgresUrl', url);
}

async function makeTemplate(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const template = new URL(url);
  template.pathname = `/${TEMPLATE}`;
  const database = await openDatabase({ url: template.href });
  await migrate(database.dataSource);
  await database.close();
}
