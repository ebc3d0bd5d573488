import pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { loadMigrations } from './migrations.ts';

/** Runs one parameterised statement; a `name` makes it a prepared statement of the connection. */
export interface Queryable {
  // biome-ignore lint/suspicious/noExplicitAny: rows are typed by the caller, who wrote the SQL
  query<Row = any>(sql: string, params?: unknown[], name?: string): Promise<Row[]>;
}

/** An open transaction: commits when the callback returns, rolls back when it throws. */
export interface Transaction extends Queryable {
  readonly isTransaction: true;
}

export interface Database extends Queryable {
  readonly dataSource: DataSource;
  readonly pool: pg.Pool;
  /** For connections that must stand beside the pool, such as one that listens. */
  readonly connection: pg.ClientConfig;
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Every statement is one shape with parameters: planning it once a connection, instead of at each use,
 * takes a third off PostgreSQL's work for a refresh. None is worth compiling.
 */
const SESSION_OPTIONS = '-c plan_cache_mode=force_generic_plan -c jit=off';

export type DatabaseOptions = {
  /** A libpq-style URL. */
  url: string;
  poolSize?: number;
  onPoolError?: (error: Error) => void;
};

/**
 * Opens the pool. TypeORM owns the connections and the migrations; statements are plain SQL through
 * the same pool (docs/decisions/0002-plain-sql.md).
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.url,
    poolSize: options.poolSize ?? 10,
    entities: [],
    migrations: await loadMigrations(),
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    installExtensions: false,
    poolErrorHandler: options.onPoolError ?? (() => {}),
    connectTimeoutMS: 5_000,
    extra: { keepAlive: true, options: SESSION_OPTIONS },
  });
  await dataSource.initialize();
  const pool = (dataSource.driver as PostgresDriver).master as pg.Pool;
  return {
    dataSource,
    pool,
    connection: { connectionString: options.url },
    query: (sql, params, name) => run(pool, sql, params, name),
    transaction: (work) => transaction(pool, work),
    close: () => dataSource.destroy(),
  };
}

async function run<Row>(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values?: unknown[],
  name?: string,
): Promise<Row[]> {
  const query = { text, values: values ?? [], ...(name === undefined ? {} : { name }) };
  const result = await client.query(query);
  return result.rows as Row[];
}

async function transaction<Result>(
  pool: pg.Pool,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A connection that breaks between two statements must end the transaction, not the process.
  const onError = () => {};
  client.on('error', onError);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work({
      isTransaction: true,
      query: (sql, params, name) => run(client, sql, params, name),
    });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    try {
      await client.query('ROLLBACK');
    } catch (rollbackError) {
      broken = rollbackError as Error;
    }
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** SQLSTATE class or code of an error thrown by PostgreSQL, such as `23505`; undefined for others. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
