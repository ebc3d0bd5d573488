import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Database } from './database.ts';
import type { Migration } from './run-migrations.ts';

const FOLDER = new URL('../../../migrations/', import.meta.url);
/** Any constant: two processes that start at once agree on it (`pg_advisory_xact_lock`). */
const MIGRATION_LOCK = 7_203_514;
/** Where the hub keeps what each migration was when it ran. */
const CHECKSUMS = 'migration-checksums';

type Checked = Migration & { checksum: string };
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

/** Reads `migrations/NNNN-name.up.sql` and its `.down.sql`, in order. */
async function loadMigrations(): Promise<Checked[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.up.sql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = file.slice(0, -'.up.sql'.length);
      const up = await readFile(new URL(file, FOLDER), 'utf8');
      const down = await readFile(new URL(`${name}.down.sql`, FOLDER), 'utf8');
      return {
        // TypeORM orders by the 13 digits that end the name.
        name: `${name.slice(5)}${name.slice(0, 4).padStart(13, '0')}`,
        // The ends of lines are the checkout's.
        checksum: hash('sha256', up.replaceAll('\r\n', '\n').trim(), 'hex'),
        up,
        down,
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
export async function migrate(database: Database): Promise<string[]> {
  const known = await loadMigrations();
  return underMigrationLock(database, async () => {
    const before = await compare(database, known);
    refuseMismatch(before);
    if (before.pending.length > 0) {
      await refuseOtherEncodings(database);
      const { runMigrations } = await import('./run-migrations.ts');
      await runMigrations(database, known);
    }
    await keepChecksums(database, known, before.pending);
    return before.pending;
  });
}

/** Names are compared in their normal forms, which PostgreSQL knows of UTF-8 alone. */
async function refuseOtherEncodings(database: Database): Promise<void> {
  const [row] = await database.query<{ encoding: string }>(
    `SELECT current_setting('server_encoding') AS encoding`,
  );
  if (row === undefined || row.encoding === 'UTF8') return;
  throw new SchemaMismatchError(
    `the database holds text as ${row.encoding}: make one with ENCODING 'UTF8', and restore a dump into it`,
  );
}

/**
 * Undoes the latest migration, with all that it holds.
 * @returns its name; undefined when there was none to undo
 * @throws SchemaMismatchError when only the newer program that ran it knows how to
 */
export async function migrateDown(database: Database): Promise<string | undefined> {
  const known = await loadMigrations();
  return underMigrationLock(database, async () => {
    const before = await compare(database, known);
    refuseMismatch(before);
    const { undoLastMigration } = await import('./run-migrations.ts');
    await undoLastMigration(database, known);
    const { pending } = await compare(database, known);
    return pending.find((name) => !before.pending.includes(name));
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

/** Compares the migrations of this program with those of the database, both ways. */
export async function compareSchema(database: Database): Promise<SchemaState> {
  return compare(database, await loadMigrations());
}

async function compare(database: Database, known: readonly Checked[]): Promise<SchemaState> {
  const [tables] = await database.query(
    `SELECT to_regclass('schema_migrations') AS ran, to_regclass('hub_settings') AS settings`,
  );
  if (tables.ran === null) {
    return { pending: known.map(({ name }) => name), unknown: [], edited: [] };
  }
  const rows = await database.query<{ name: string }>(
    'SELECT name FROM schema_migrations ORDER BY id',
  );
  const ran = new Set(rows.map(({ name }) => name));
  const checksums = tables.settings === null ? {} : await readChecksums(database);
  return {
    pending: known.filter(({ name }) => !ran.has(name)).map(({ name }) => name),
    unknown: [...ran].filter((name) => !known.some((migration) => migration.name === name)),
    edited: known
      .filter(({ name, checksum }) => ran.has(name) && (checksums[name] ?? checksum) !== checksum)
      .map(({ name }) => name),
  };
}

async function readChecksums(database: Database): Promise<Record<string, string>> {
  const sql = 'SELECT value FROM hub_settings WHERE key = $1';
  const [row] = await database.query(sql, [CHECKSUMS]);
  return row?.value ?? {};
}

/** Notes what ran just now, and what ran before such notes were kept. */
async function keepChecksums(
  database: Database,
  known: readonly Checked[],
  ran: readonly string[],
): Promise<void> {
  const kept = await readChecksums(database);
  const news = known.filter(({ name }) => ran.includes(name) || kept[name] === undefined);
  // A start writes nothing where nothing is new.
  if (news.length === 0) return;
  const value = { ...kept, ...Object.fromEntries(news.map((each) => [each.name, each.checksum])) };
  await database.query(
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
  database: Database,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = await database.pool.connect();
  const onError = () => {};
  lock.on('error', onError);
  try {
    await lock.query('BEGIN');
    await lock.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await lock.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    return await work();
  } finally {
    await lock.query('ROLLBACK').catch(() => {});
    lock.off('error', onError);
    lock.release();
  }
}
