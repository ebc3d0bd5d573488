import { readdir, readFile } from 'node:fs/promises';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';

const FOLDER = new URL('../../../migrations/', import.meta.url);
/** Any constant: two processes that start at once agree on it (`pg_advisory_lock`). */
const MIGRATION_LOCK = 7_203_514;

/** Reads `migrations/NNNN-name.up.sql` and its `.down.sql` as TypeORM migrations, in order. */
export async function loadMigrations(): Promise<(new () => MigrationInterface)[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.up.sql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = file.slice(0, -'.up.sql'.length);
      const up = await readFile(new URL(file, FOLDER), 'utf8');
      const down = await readFile(new URL(`${name}.down.sql`, FOLDER), 'utf8');
      return class implements MigrationInterface {
        // TypeORM orders by the 13 digits that end the name.
        name = `${name.slice(5)}${name.slice(0, 4).padStart(13, '0')}`;
        async up(runner: QueryRunner) {
          await runner.query(up);
        }
        async down(runner: QueryRunner) {
          await runner.query(down);
        }
      };
    }),
  );
}

/**
 * Brings the schema up to date. Any number of processes may call this at once: they take turns on an
 * advisory lock, and all but the first find nothing to do.
 * @returns the names of the migrations that this call ran
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  return underMigrationLock(dataSource, async () => {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  });
}

/**
 * Undoes the latest migration, with all that it holds.
 * @returns its name; undefined when there was none to undo
 */
export async function migrateDown(dataSource: DataSource): Promise<string | undefined> {
  return underMigrationLock(dataSource, async () => {
    const before = await pendingMigrations(dataSource);
    await dataSource.undoLastMigration({ transaction: 'each' });
    return (await pendingMigrations(dataSource)).find((name) => !before.includes(name));
  });
}

async function underMigrationLock<Result>(
  dataSource: DataSource,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = dataSource.createQueryRunner();
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work();
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {});
    await lock.release();
  }
}

/** Names of the migrations that the code knows and the database has not run. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const known = dataSource.migrations.map((migration) => migration.name as string);
  const [table] = await dataSource.query(`SELECT to_regclass('schema_migrations') AS name`);
  if (table.name === null) return known;
  const ran = (await dataSource.query('SELECT name FROM schema_migrations')) as { name: string }[];
  return known.filter((name) => !ran.some((row) => row.name === name));
}
