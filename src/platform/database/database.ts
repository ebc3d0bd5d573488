import pg from 'pg';
import { parseDatabaseUrl } from '../config/database-url.ts';
import { isDatabaseAway } from './availability.ts';
import { connectOptions } from './connect-options.ts';
import { Statistics } from './statistics.ts';
import { keepValuesOut } from './values-in-errors.ts';

/** Runs one parameterised statement; a `name` makes it a prepared statement of the connection. */
export interface Queryable {
  // biome-ignore lint/suspicious/noExplicitAny: rows are typed by the caller, who wrote the SQL
  query<Row = any>(sql: string, params?: unknown[], name?: string): Promise<Row[]>;
}

/** An open transaction: commits when the callback returns, rolls back when it throws. */
export interface Transaction extends Queryable {
  readonly isTransaction: true;
  /** Says that a statement wrote rows, so that the planner hears of many (`statistics.ts`). */
  wrote(table: string, rows: number): Promise<void>;
}

export interface Database extends Queryable {
  readonly pool: pg.Pool;
  /** For a connection beside the pool; like those of the pool, it may lead through a pooler. */
  readonly connection: pg.ClientConfig;
  /** For a connection that listens: it keeps its session. */
  readonly listenConnection: pg.ClientConfig;
  /** Whether statements may go through a pooler that gives each transaction another session. */
  readonly isPooled: boolean;
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Every statement is one shape with parameters: planning it once a connection, instead of at each use,
 * takes a third off PostgreSQL's work for a refresh. None is worth compiling. Set once the connection
 * stands: poolers refuse connections that ask for such things.
 */
const SESSION_SETTINGS = 'SET plan_cache_mode = force_generic_plan; SET jit = off';

export type DatabaseOptions = {
  /** A libpq-style URL. */
  url: string;
  /**
   * The same database without a pooler in between. Where it is given, `url` may lead through one that
   * keeps no sessions (PgBouncer's `pool_mode = transaction`): nothing is then asked of a session there.
   */
  listenUrl?: string | undefined;
  poolSize?: number;
  onPoolError?: (error: Error) => void;
};

/**
 * Opens the pool, with a first connection that shows that there is a database. Statements are plain SQL
 * (docs/decisions/0002-plain-sql.md).
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const isPooled = options.listenUrl !== undefined;
  const connection = await connectionTo(options.url);
  const listenConnection =
    options.listenUrl === undefined ? connection : await connectionTo(options.listenUrl);
  let closing = false;
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize ?? 10,
    ...(isPooled && { Client: UnnamedClient }),
    async onConnect(client) {
      keepValuesOut(client as pg.PoolClient);
      if (!isPooled) await client.query(SESSION_SETTINGS);
    },
  });
  pool.on('error', (error) => {
    // A connection that ends while all of them are ended is no news.
    if (!closing) options.onPoolError?.(error);
  });
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    pool,
    connection,
    listenConnection,
    isPooled,
    query: (sql, params, name) => run(pool, sql, params, name),
    transaction: (work) => transaction(pool, work),
    close() {
      closing = true;
      return pool.end();
    },
  };
}

async function connectionTo(url: string): Promise<pg.ClientConfig> {
  const address = parseDatabaseUrl(url);
  if ('fault' in address) throw new Error(`the URL of the database ${address.fault}`);
  return connectOptions(address);
}

/** Prepares no statement by name, whoever asks for one: the name would be another session's. */
class UnnamedClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: the ways to call it are pg's own
  override query(config: any, ...rest: any[]): any {
    const named = typeof config === 'object' && config !== null && 'name' in config;
    const query = super.query as (...args: unknown[]) => unknown;
    return query.call(this, named ? { ...config, name: undefined } : config, ...rest);
  }
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
    const inside: Queryable = { query: (sql, params, name) => run(client, sql, params, name) };
    const statistics = new Statistics((sql) => client.query(sql));
    const result = await work({
      ...inside,
      isTransaction: true,
      wrote: (table, rows) => statistics.wrote(table, rows),
    });
    await statistics.settle();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // What is read-only, full or stopping may be so for this connection alone: the next one may lead elsewhere.
    if (isDatabaseAway(error)) broken = error as Error;
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
