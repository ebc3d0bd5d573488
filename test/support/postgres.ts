import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations.ts';

/** One PostgreSQL for the whole run, with the migrated template that each test file clones. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env.TEST_DATABASE_URL as string;
  const template = `template_${randomBytes(6).toString('hex')}`;
  await makeTemplate(url, template);
  project.provide('postgresUrl', url);
  project.provide('template', template);
  return () => dropTemplate(url, template);
}

async function makeTemplate(url: string, name: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const template = new URL(url);
  template.pathname = `/${name}`;
  const database = await openDatabase({ url: template.href });
  await migrate(database.dataSource);
  await database.close();
}

async function dropTemplate(url: string, name: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await client.end();
}
