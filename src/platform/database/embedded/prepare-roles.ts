import pg from 'pg';
import { EmbeddedPostgresError } from './errors.ts';

/** The hub's role and database; the role owns the database and is no superuser. */
export const HUB_ROLE = 'trousseau';

/** What a connection meets while PostgreSQL starts, recovers or stops: worth another try. */
const NOT_NOW = ['57P03', '57P01', 'ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'];

const POWERS = ['super', 'createdb', 'createrole', 'replication', 'bypassrls'];

/**
 * Makes the hub's role and its database if they are not there, and sees that the role can do nothing but own
 * that database.
 * @param url of the superuser, on the database `postgres`
 * @param hub its password, and whether the role is to get it although it may have another
 * @returns false when PostgreSQL is not accepting connections at this instant
 */
export async function prepareRoles(
  url: string,
  hub: { password: string; isNew: boolean },
): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A PostgreSQL killed in this very moment must give an error to the caller, not end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role,
              EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND (${POWERS.map((power) => `rol${power}`).join(' OR ')})) AS mighty,
              EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database`,
      [HUB_ROLE],
    );
    const password = pg.escapeLiteral(hub.password);
    if (!rows[0].role) await client.query(`CREATE ROLE ${HUB_ROLE} LOGIN PASSWORD ${password}`);
    else if (hub.isNew) await client.query(`ALTER ROLE ${HUB_ROLE} PASSWORD ${password}`);
    if (rows[0].mighty) {
      await client.query(
        `ALTER ROLE ${HUB_ROLE} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`,
      );
    }
    if (!rows[0].database) await client.query(`CREATE DATABASE ${HUB_ROLE} OWNER ${HUB_ROLE}`);
    return true;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (NOT_NOW.includes(code ?? '') || /terminated/.test(message)) return false;
    if (code !== '28P01') throw error;
    throw new EmbeddedPostgresError(
      'The embedded database refuses its password; bring back the file "embedded/password" of the data folder.',
    );
  } finally {
    await client.end().catch(() => {});
  }
}
