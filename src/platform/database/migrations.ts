import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';

const FOLDER = new URL('../../../migrations/', import.meta.url);
/** Any constant: two processes that start at once agree on it (`pg_advisory_xact_lock`). */
const MIGRATION_LOCK = 7_203_514;
/** Where the hub keeps what each migration was when it ran. */
const CHECKSUMS = 'migration-checksums';

type Migration = MigrationInterface & { name: string; checksum: string };
/** Of migrations, as TypeORM calls them, in their order. */
export type SchemaState = {
  /** Those that this program knows and the database has not run. */
  pending: string[];
  /** Those that the database has run and this program does not know: a newer program's. */
  unknown: string[];
  /** Those that were another text when the database ran them. */
  edited: string[];
};

/** The database's schema is not one that this program can work with, or bring up to date. */
export class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError';
}

/** Reads `migrations/NNNN-name.up.sql` and its `.down.sql` as TypeORM migrations, in order. */
export async function loadMigrations(): Promise<(new () => MigrationInterface)[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.up.sql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = file.slice(0, -'.up.sql'.length);
      const up = await readFile(new URL(file, FOLDER), 'utf8');
      const down = await readFile(new URL(`${name}.down.sql`, FOLDER), 'utf8');
      return class implements Migration {
        // TypeORM orders by the 13 digits that end the name.
        name = `${name.slice(5)}${name.slice(0, 4).padStart(13, '0')}`;
        // The ends of lines are the checkout's.
        checksum = hash('sha256', up.replaceAll('\r\n', '\n').trim(), 'hex');
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
 * @throws SchemaMismatchError when it is a newer program's, or made by other migrations; nothing was done
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  return underMigrationLock(dataSource, async () => {
    refuseMismatch(await compareSchema(dataSource));
    const done = await dataSource.runMigrations({ transaction: 'each' });
    await keepChecksums(
      dataSource,
      done.map((migration) => migration.name),
    );
    return done.map((migration) => migration.name);
  });
}

/**
 * Undoes the latest migration, with all that it holds.
 * @returns its name; undefined when there was none to undo
 * @throws SchemaMismatchError when only the newer program that ran it knows how to
 */
export async function migrateDown(dataSource: DataSource): Promise<string | undefined> {
  return underMigrationLock(dataSource, async () => {
    const before = await compareSchema(dataSource);
    refuseMismatch(before);
    await dataSource.undoLastMigration({ transaction: 'each' });
    return (await pendingMigrations(dataSource)).find((name) => !before.pending.includes(name));
  });
}

/** Says in words why the database's schema cannot be worked with. @throws SchemaMismatchError */
export function refuseMismatch({ unknown, edited }: SchemaState): void {
  if (unknown.length > 0) {
    throw new SchemaMismatchError(
      `the database has the schema of a newer Trousseau: ${unknown.map(fileName).join(', ')} unknown to this one; ` +
        'start the newer one, or go back as docs/operate.md says ("Going back to an older version")',
    );
  }
  if (edited.length > 0) {
    throw new SchemaMismatchError(
      `the database was made by other migrations than these: ${edited.map(fileName).join(', ')} changed since it ran; ` +
        'bring back the files of migrations/ as they were released',
    );
  }
}

/** `spine0000000000001` → `0001-spine`, the name of the file. */
export function fileName(name: string): string {
  return `${name.slice(-4)}-${name.slice(0, -13)}`;
}

/** Names of the migrations that the code knows and the database has not run. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  return (await compareSchema(dataSource)).pending;
}

/** Compares the migrations of this program with those of the database, both ways. */
export async function compareSchema(dataSource: DataSource): Promise<SchemaState> {
  const known = dataSource.migrations as Migration[];
  const [tables] = await dataSource.query(
    `SELECT to_regclass('schema_migrations') AS ran, to_regclass('hub_settings') AS settings`,
  );
  if (tables.ran === null) {
    return { pending: known.map(({ name }) => name), unknown: [], edited: [] };
  }
  const rows = (await dataSource.query('SELECT name FROM schema_migrations ORDER BY id')) as {
    name: string;
  }[];
  const ran = new Set(rows.map(({ name }) => name));
  const checksums = tables.settings === null ? {} : await readChecksums(dataSource);
  return {
    pending: known.filter(({ name }) => !ran.has(name)).map(({ name }) => name),
    unknown: [...ran].filter((name) => !known.some((migration) => migration.name === name)),
    edited: known
      .filter(({ name, checksum }) => ran.has(name) && (checksums[name] ?? checksum) !== checksum)
      .map(({ name }) => name),
  };
}

async function readChecksums(dataSource: DataSource): Promise<Record<string, string>> {
  const sql = 'SELECT value FROM hub_settings WHERE key = $1';
  const [row] = await dataSource.query(sql, [CHECKSUMS]);
  return row?.value ?? {};
}

/** Notes what ran just now, and what ran before such notes were kept. */
async function keepChecksums(dataSource: DataSource, ran: readonly string[]): Promise<void> {
  const kept = await readChecksums(dataSource);
  const news = (dataSource.migrations as Migration[]).filter(
    ({ name }) => ran.includes(name) || kept[name] === undefined,
  );
  // A start writes nothing where nothing is new.
  if (news.length === 0) return;
  const value = { ...kept, ...Object.fromEntries(news.map((each) => [each.name, each.checksum])) };
  await dataSource.query(
    `INSERT INTO hub_settings (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
    [CHECKSUMS, JSON.stringify(value)],
  );
}

/**
 * The lock is a transaction's, not a session's: behind a pooler, the session may be another's by the time it
 * is to be let go of.
 */
async function underMigrationLock<Result>(
  dataSource: DataSource,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = dataSource.createQueryRunner();
  await lock.connect();
  try {
    await lock.query('BEGIN');
    await lock.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await lock.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    return await work();
  } finally {
    await lock.query('ROLLBACK').catch(() => {});
    await lock.release();
  }
}
