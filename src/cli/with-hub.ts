import type { Config } from '../platform/config/config.ts';
import type { Database } from '../platform/database/database.ts';
import type { Sealer } from '../platform/secrets/sealer.ts';
import { CommandError } from './command-error.ts';
import { line } from './output.ts';

/** The hub as a command sees it. */
export type Hub = {
  config: Config;
  database: Database;
  /** Reads (or makes) the sealing key, which must be the database's; most commands need none. */
  sealer(): Promise<Sealer>;
};

/** What goes wrong beside the work goes to standard error; all is well goes nowhere. */
export const commandLog = {
  info: () => {},
  warn: (message: string) => {
    process.stderr.write(`trousseau: ${line(message)}\n`);
  },
};

/** @throws ConfigurationError with all faults of the environment */
export async function loadConfig(): Promise<Config> {
  const { parseConfig } = await import('../platform/config/config.ts');
  const { readEnv } = await import('../platform/config/env.ts');
  return parseConfig(readEnv(process.env));
}

/**
 * Opens the hub's database for the time of a command.
 * @throws CommandError when its schema is older than this version and others use the database
 * @throws SchemaMismatchError when it is a newer version's
 */
export async function withHub<Result>(work: (hub: Hub) => Promise<Result>): Promise<Result> {
  return withDatabase(async (hub, ownsDatabase) => {
    const { compareSchema, migrate, refuseMismatch } = await import(
      '../platform/database/migrations.ts'
    );
    if (ownsDatabase) {
      // Nobody else uses the data folder: the schema comes up to date as it does at a start.
      await migrate(hub.database);
    } else {
      const state = await compareSchema(hub.database);
      refuseMismatch(state);
      if (state.pending.length > 0) {
        throw new CommandError(
          'the database has not the schema of this version; run "trousseau migrate" first',
        );
      }
    }
    return work(hub);
  });
}

/** The same whatever the schema is. */
export async function withDatabase<Result>(
  work: (hub: Hub, ownsDatabase: boolean) => Promise<Result>,
): Promise<Result> {
  const config = await loadConfig();
  const { openHubDatabase } = await import('../platform/database/open-hub-database.ts');
  const opened = await openHubDatabase(config, { purpose: 'command', log: commandLog });
  try {
    const hub = {
      config,
      database: opened.database,
      sealer: () => openSealer(config, opened.database),
    };
    return await work(hub, opened.ownsDatabase);
  } finally {
    await opened.close();
  }
}

async function openSealer(config: Config, database: Database): Promise<Sealer> {
  const { createSealer } = await import('../platform/secrets/sealer.ts');
  const { loadSealingKeys } = await import('../domain/sealed-values/admit-keys.ts');
  return createSealer(await loadSealingKeys(config, database));
}
