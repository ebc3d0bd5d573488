import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, inject, it } from 'vitest';
import { openDatabase } from '../src/platform/database/database.ts';
import { compareSchema, migrate, migrateDown } from '../src/platform/database/migrations.ts';

async function emptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string) => {
    const client = new pg.Client(inject('postgresUrl'));
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}

it('many processes that start at once run each migration once', async () => {
  const { url, drop } = await emptyDatabase();
  const databases = await Promise.all(
    Array.from({ length: 6 }, () => openDatabase({ url, poolSize: 3 })),
  );
  const ran = await Promise.all(databases.map((database) => migrate(database)));
  const names = ran.flat();
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(names).size).toBe(names.length);
  const { pending } = await compareSchema(databases[0] as (typeof databases)[0]);
  expect(pending).toEqual([]);
  await Promise.all(databases.map((database) => database.close()));
  await drop();
});

it('every migration can be undone to nothing, and run again', async () => {
  const { url, drop } = await emptyDatabase();
  const database = await openDatabase({ url });
  const left = () =>
    database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND c.relkind IN ('r', 'S') AND relname NOT LIKE '%schema_migrations%'
       UNION ALL SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'`,
    );
  const first = await migrate(database);
  for (const name of first.toReversed()) expect(await migrateDown(database)).toBe(name);
  expect(await migrateDown(database)).toBeUndefined();
  expect(await left()).toEqual([]);
  expect(await migrate(database)).toEqual(first);
  await database.close();
  await drop();
});

it('names every constraint', async () => {
  const { url, drop } = await emptyDatabase();
  const database = await openDatabase({ url });
  await migrate(database);
  const unnamed = await database.query<{ conname: string }>(
    `SELECT conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
     WHERE n.nspname = 'public' AND c.contype IN ('p', 'f', 'u', 'c', 'x') AND t.relname <> 'schema_migrations'
       AND conname !~ '^(pk|fk|uq|ck|ex)_'`,
  );
  expect(unnamed).toEqual([]);
  await database.close();
  await drop();
});
