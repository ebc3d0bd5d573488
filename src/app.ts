import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { createPasswords, type PasswordParts } from './domain/people/passwords.ts';
import { watchForeignHashes } from './domain/people/watch-foreign-hashes.ts';
import { keysFit } from './domain/sealed-values/admit-keys.ts';
import type { Config } from './platform/config/config.ts';
import { openChangeFeed } from './platform/database/change-feed.ts';
import type { Database } from './platform/database/database.ts';
import { tryWrite } from './platform/database/try-write.ts';
import { createOutbound } from './platform/outbound/outbound.ts';
import { createSealer } from './platform/secrets/sealer.ts';
import { createRefusalPace } from './platform/throttles/refusal-pace.ts';
import { createThrottles } from './platform/throttles/throttles.ts';
import { createReadiness } from './platform/web/readiness.ts';
import type { LdapBridge } from './protocols/ldap/start-ldap-bridge.ts';

/** What runs, and how to end it. */
export type App = {
  server: Server | undefined;
  ldap: Pick<LdapBridge, 'address' | 'ldapsAddress'> | undefined;
  stop(): Promise<void>;
  /** Resolves when this process knows of every change that was committed before. */
  settle(): Promise<void>;
};

type AppOptions = {
  config: Config;
  secrets: string[];
  database: Database;
  log: Logger;
  /** Where work on passwords is done, when others share it: threads of the app's own unless it is given. */
  passwordParts?: Partial<PasswordParts>;
};
/** What ends the parts that run so far, last one first. */
type Stops = (() => Promise<void>)[];

/** The one place where parts are wired. When one of them fails, none is left running. */
export async function buildApp(options: AppOptions): Promise<App> {
  const stops: Stops = [];
  try {
    return await wire(options, stops);
  } catch (error) {
    for (const stop of stops) await stop();
    throw error;
  }
}

async function wire(options: AppOptions, stops: Stops): Promise<App> {
  const { config, database, log } = options;
  const sealer = createSealer(options.secrets);
  const outbound = createOutbound({ privateNetworks: config.privateNetworks });
  stops.unshift(() => outbound.close());

  const feed = await openChangeFeed({
    connection: database.connection,
    listenConnection: database.listenConnection,
    channels: ['trousseau_community', 'trousseau_sign_in', 'trousseau_outbox'],
    onError: (error) =>
      log.warn({ err: error }, 'the change feed is away; nothing is served from memory'),
  });
  stops.unshift(() => feed.close());
  // Each role loads what it needs: a process for LDAP alone carries no web server.
  if (config.roles.has('worker')) {
    const { startWorker } = await import('./app-worker.ts');
    const worker = startWorker({ config, database, feed, sealer, outbound, log });
    stops.unshift(() => worker.stop());
  }
  if (!config.roles.has('web') && !config.roles.has('ldap')) return running(stops);
  const pace = createRefusalPace();
  const passwords = createPasswords(options.passwordParts);
  stops.unshift(passwords.stop);
  const foreign = await watchForeignHashes({ database, passwords, pace });
  stops.unshift(async () => foreign.stop());
  const throttle = createThrottles(database.pool, sealer);
  let ldap: LdapBridge | undefined;
  if (config.roles.has('ldap') && (config.ldap.listen ?? config.ldap.ldapsListen) !== undefined) {
    const { startLdapBridge } = await import('./protocols/ldap/start-ldap-bridge.ts');
    ldap = await startLdapBridge({ config, database, feed, throttle, passwords, pace, log });
    stops.unshift(ldap.stop);
  }
  const settle = async () => {
    await feed.settle();
    await ldap?.caughtUp();
  };
  if (!config.roles.has('web')) return running(stops, { settle, ldap });
  const { startWeb } = await import('./pages/routing/start-web.ts');
  const { SITE } = await import('./app-web.ts');
  const readiness = createReadiness(async () => {
    await tryWrite(database);
    return (await keysFit(database, sealer)) ? undefined : 'sealing key missing';
  }, log);
  const server = await startWeb({
    config,
    database,
    sealer,
    outbound,
    feed,
    throttle,
    passwords,
    pace,
    readiness,
    log,
    site: SITE,
  });
  stops.unshift(server.stop);
  return running(stops, { settle, ldap, server: server.server });
}

function running(stops: Stops, parts: Partial<Omit<App, 'stop'>> = {}): App {
  return {
    server: parts.server,
    ldap: parts.ldap,
    settle: parts.settle ?? (async () => {}),
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}
