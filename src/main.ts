import { type DestinationStream, type Logger, pino } from 'pino';
import { type App, buildApp } from './app.ts';
import { ensureSetupToken } from './domain/operators/create-operator.ts';
import { loadSealingKeys } from './domain/sealed-values/admit-keys.ts';
import type { Config } from './platform/config/config.ts';
import type { Database } from './platform/database/database.ts';
import { migrate } from './platform/database/migrations.ts';
import { openHubDatabase } from './platform/database/open-hub-database.ts';
import { serializeError } from './platform/logging/serialize-error.ts';
import { readSecrets } from './platform/secrets/secret-file.ts';

export type RunningHub = { url: string; database: Database; stop(): Promise<void> };

/** Starts a process of the hub; `stop` ends all that it started, in order. */
export async function start(
  config: Config,
  log: Logger = createLogger(config),
  options: { announceSetup: boolean } = { announceSetup: true },
): Promise<RunningHub> {
  // What is wrong with them by themselves is said before anything is started.
  await readSecrets(config);
  const opened = await openHubDatabase(config, { purpose: 'hub', log });
  let app: App | undefined;
  const stop = async () => {
    await app?.stop();
    await opened.close();
  };
  try {
    const ran = await migrate(opened.database);
    if (ran.length > 0) log.info({ migrations: ran }, 'database schema brought up to date');
    const secrets = await loadSealingKeys(config, opened.database);
    app = await buildApp({ config, secrets, database: opened.database, log });
    const token = options.announceSetup
      ? await opened.database.transaction((tx) => ensureSetupToken(tx))
      : undefined;
    log.info(
      { listen: config.listen, roles: [...config.roles] },
      `Trousseau serves ${config.url.origin}`,
    );
    // For the eyes of whoever starts the hub, after the log's last line; the log would keep it.
    if (token !== undefined) console.error(setUpNotice(config.url.origin, token));
    return {
      url: config.url.origin,
      database: opened.database,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** On lines of its own, so that it is seen and can be copied. */
function setUpNotice(origin: string, token: string): string {
  const rule = '-'.repeat(72);
  return `\n${rule}\nNo operator yet. Make the first one at this address, which works once:\n\n    ${origin}/setup?token=${token}\n\n${rule}\n`;
}

/** Logs to standard error; what might be a secret, or a member's data, is taken out. */
export function createLogger(
  config: Config,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  return pino(
    {
      level: config.logLevel,
      serializers: { err: serializeError },
      redact: {
        paths: [
          'password',
          'secret',
          'token',
          'cookie',
          'authorization',
          '*.password',
          '*.secret',
          '*.token',
          '*.cookie',
          '*.authorization',
        ],
        censor: '[removed]',
      },
    },
    destination,
  );
}
