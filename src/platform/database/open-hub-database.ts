import type { Config } from '../config/config.ts';
import { type Database, openDatabase } from './database.ts';
import { once, openEmbeddedServer, type Purpose } from './embedded/open-embedded-server.ts';
import type { Log } from './embedded/postmaster.ts';
import { messageWithoutValues } from './values-in-errors.ts';

export type HubDatabase = {
  database: Database;
  /** Whether this process looks after PostgreSQL: false with `DATABASE_URL` and beside a running hub. */
  ownsDatabase: boolean;
  /** Closes the pool, then leaves the embedded PostgreSQL, which stops with its last user. Repeatable. */
  close(): Promise<void>;
};

/**
 * The hub's database: that of `DATABASE_URL`, else the embedded PostgreSQL of the data folder, started
 * when it does not run. As long as it is open, a SIGINT, SIGTERM or SIGHUP that the program does not
 * handle itself closes it before the process ends.
 * @throws DataFolderInUseError when a second hub opens one data folder
 * @throws EmbeddedPostgresError when the embedded PostgreSQL cannot be had; nothing is left running
 */
export async function openHubDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataFolder'> & Partial<Pick<Config, 'databaseListenUrl'>>,
  { purpose, log }: { purpose: Purpose; log: Log },
): Promise<HubDatabase> {
  const onPoolError = (error: Error) =>
    log.warn(`A database connection broke: ${messageWithoutValues(error)}`);
  if (config.databaseUrl !== undefined) {
    const database = await openDatabase({
      url: config.databaseUrl,
      listenUrl: config.databaseListenUrl,
      onPoolError,
    });
    return { database, ownsDatabase: false, close: once(() => database.close()) };
  }
  const server = await openEmbeddedServer(config.dataFolder, { purpose, log });
  try {
    const database = await openDatabase({ url: server.url, onPoolError });
    const close = once(() => database.close().finally(server.close));
    return { database, ownsDatabase: server.ownsDatabase, close };
  } catch (error) {
    await server.close();
    throw error;
  }
}
