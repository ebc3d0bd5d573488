import type { DestinationStream } from 'pino';
import { type App, buildApp } from '../../src/app.ts';
import { createLogger } from '../../src/main.ts';
import { type Config, parseConfig } from '../../src/platform/config/config.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createSealer, type Sealer } from '../../src/platform/secrets/sealer.ts';
import { cloneDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { REMEMBERED_HASHES, SHARED_METER } from './shared-password-work.ts';

export const TEST_SECRET = 'a secret of the tests, thirty-two characters long';

export type TestHub = {
  url: string;
  config: Config;
  database: Database;
  databaseUrl: string;
  sealer: Sealer;
  app: App;
  /** Another process of the same hub, so to speak: its own pool, caches and port. */
  sibling(): Promise<TestHub>;
  stop(): Promise<void>;
};

export type HubHashing = {
  /** For tests of what hashing takes: each password is hashed anew, in threads of the hub's own. */
  hashesAnew?: boolean | undefined;
};

/** A hub on a database of its own, listening on a free port. */
export async function startHub(
  env: Record<string, string> = {},
  logTo?: DestinationStream,
  hashing: HubHashing = {},
): Promise<TestHub> {
  const { database, url, drop } = await cloneDatabase();
  const hub = await boot(database, url, env, hashing, logTo);
  return { ...hub, stop: () => hub.stop().then(drop) };
}

async function boot(
  database: Database,
  databaseUrl: string,
  env: Record<string, string>,
  { hashesAnew }: HubHashing,
  logTo?: DestinationStream,
): Promise<TestHub> {
  const passwordParts = hashesAnew
    ? { meter: SHARED_METER }
    : { meter: SHARED_METER, threads: REMEMBERED_HASHES };
  const port = await freePort();
  const config = parseConfig({
    TROUSSEAU_URL: `http://localhost:${port}`,
    TROUSSEAU_LISTEN: `127.0.0.1:${port}`,
    TROUSSEAU_SECRET: TEST_SECRET.replaceAll(/[ ,]/g, '-'),
    // Tests of LDAP ask for a port of their own: '127.0.0.1:0'.
    TROUSSEAU_LDAP_LISTEN: 'off',
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ...env,
  });
  const log = createLogger(config, logTo);
  const app = await buildApp({ config, secrets: config.secrets, database, log, passwordParts });
  const hub: TestHub = {
    url: config.url.origin,
    config,
    database,
    databaseUrl,
    sealer: createSealer(config.secrets),
    app,
    async sibling() {
      const { openDatabase } = await import('../../src/platform/database/database.ts');
      const own = await openDatabase({ url: databaseUrl });
      // Behind one address, as two processes behind one proxy: only the port that is listened on differs.
      const siblingPort = await freePort();
      const twin = parseConfig({
        TROUSSEAU_URL: config.url.origin,
        TROUSSEAU_LISTEN: `127.0.0.1:${siblingPort}`,
        TROUSSEAU_SECRET: config.secrets.join(' '),
        TROUSSEAU_LDAP_LISTEN: env.TROUSSEAU_LDAP_LISTEN ?? 'off',
        TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8',
        TROUSSEAU_LDAP_PROXY_PROTOCOL: env.TROUSSEAU_LDAP_PROXY_PROTOCOL ?? 'off',
        DATABASE_URL: databaseUrl,
        LOG_LEVEL: config.logLevel,
      });
      const twinApp = await buildApp({
        config: twin,
        secrets: twin.secrets,
        database: own,
        log,
        passwordParts,
      });
      return {
        ...hub,
        url: `http://127.0.0.1:${siblingPort}`,
        config: twin,
        database: own,
        app: twinApp,
        stop: () => twinApp.stop().then(() => own.close()),
      };
    },
    stop: () => app.stop(),
  };
  return hub;
}
