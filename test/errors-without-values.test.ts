import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../src/main.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { runMigrations } from '../src/platform/database/run-migrations.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

/** What a member typed, and nobody is to find in a log. */
const VALUE = 'zoe-at-home-example';

let db: TestDatabase;
let lines: string;
const log = createLogger(
  parseConfig({}),
  new Writable({
    write(chunk, _encoding, done) {
      lines += chunk;
      done();
    },
  }),
);

beforeAll(async () => {
  db = await cloneDatabase();
  await db.database.query('CREATE TABLE t (email text CONSTRAINT uq_t UNIQUE, n integer NOT NULL)');
  await db.database.query('INSERT INTO t VALUES ($1, 1)', [VALUE]);
  await db.database.query(
    `CREATE FUNCTION failing(text) RETURNS void LANGUAGE plpgsql AS
     $$ BEGIN EXECUTE format('SELECT %L::integer', $1); END $$`,
  );
});
afterAll(() => db.drop());

const failures: Record<string, (q: pg.Pool) => Promise<unknown>> = {
  'a row that is there': (q) => q.query('INSERT INTO t VALUES ($1, 2)', [VALUE]),
  'a row without what it needs': (q) => q.query('INSERT INTO t (email) VALUES ($1)', [VALUE]),
  'a value that is no number': (q) => q.query('SELECT $1::integer', [VALUE]),
  'a value that is no date': (q) => q.query('SELECT $1::date', [VALUE]),
  'a value with quotes': (q) => q.query('SELECT $1::uuid', [`"${VALUE}" "b"`]),
  'a value that is no JSON': (q) => q.query('SELECT $1::jsonb', [`{"a": ${VALUE}}`]),
  'a pattern': (q) => q.query(`SELECT 'a' ~ $1`, [`${VALUE}(`]),
  'a statement with a value in it': (q) => q.query(`SELECT '${VALUE}' FORM t`),
  'a function': (q) => q.query('SELECT failing($1)', [VALUE]),
  'a bad byte': (q) =>
    q.query(`SELECT convert_from($1, 'UTF8')`, [Buffer.from(`${VALUE}\xff`, 'latin1')]),
};

describe.each(Object.entries(failures))('an error about %s', (_what, fail) => {
  test('is logged by what it is, without the value', async () => {
    lines = '';
    const error = (await fail(db.database.pool).catch((thrown) => thrown)) as pg.DatabaseError;
    expect(error.code).toMatch(/^[0-9A-Z]{5}$/);
    log.error({ err: error }, 'failed');
    log.error(error);
    log.error({ err: new Error('wrapped', { cause: error }) }, 'failed');
    log.error({ err: new AggregateError([error], 'several') }, 'failed');
    expect(lines).toContain(error.code);
    expect(lines).not.toContain(VALUE);
    // Nor where nobody catches it, and Node prints all that an error has.
    expect(inspect(error)).not.toContain(VALUE);
  });
});

test('a migration that fails on a row says nothing of its values', async () => {
  lines = '';
  const migration = {
    name: 'copies0000000009999',
    up: `INSERT INTO t SELECT * FROM t`,
    down: '',
  };
  const error = await runMigrations(db.database, [migration]).catch((thrown) => thrown);
  log.error({ err: error }, 'failed');
  expect(lines).toContain('23505');
  expect(lines).not.toContain(VALUE);
  expect(inspect(error)).not.toContain(VALUE);
});

test('what the error is about stays: constraint, table and code', async () => {
  lines = '';
  const error = await db.database
    .query('INSERT INTO t VALUES ($1, 2)', [VALUE])
    .catch((thrown) => thrown);
  log.error({ err: error }, 'failed');
  expect(JSON.parse(lines).err).toMatchObject({
    code: '23505',
    constraint: 'uq_t',
    table: 't',
    message: 'duplicate key value violates unique constraint "uq_t"',
    stack: expect.stringContaining('errors-without-values.test.ts'),
  });
});
