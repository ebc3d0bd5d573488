import { createServer, type Server } from 'node:http';
import type { Logger } from 'pino';
import { createCommunityCache } from './communities/community-cache.ts';
import type { Config } from './config/config.ts';
import { openChangeFeed } from './database/change-feed.ts';
import type { Database } from './database/database.ts';
import { createProviderPool } from './oidc/provider-pool.ts';
import { createSignInCache } from './oidc/sign-in-cache.ts';
import { watchProvider } from './oidc/watch-provider.ts';
import { createOutbound } from './outbound/outbound.ts';
import { createSealer } from './secrets/sealer.ts';
import { createSignInThrottle } from './throttles/sign-in-throttle.ts';
import { createCsrf } from './web/csrf.ts';
import { createMetrics } from './web/metrics.ts';
import { refuseUnreadable } from './web/refuse-unreadable.ts';
import { createRenderer } from './web/render.ts';
import { loadStaticFiles } from './web/static.ts';
import { createWebApp } from './web/web-app.ts';
import { startWorker } from './worker/worker.ts';

/** What runs, and how to end it. */
export type App = {
  server: Server | undefined;
  stop(): Promise<void>;
  /** Resolves when this process knows of every change that was committed before. */
  settle(): Promise<void>;
};

type AppOptions = { config: Config; secrets: string[]; database: Database; log: Logger };
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

  if (config.roles.has('worker')) {
    const worker = startWorker({ database, sealer, outbound, log });
    stops.unshift(() => worker.stop());
  }
  let server: Server | undefined;
  let settle = async () => {};
  if (config.roles.has('web')) {
    const feed = await openChangeFeed({
      connection: database.connection,
      channels: ['trousseau_community', 'trousseau_sign_in'],
      onError: (error) =>
        log.warn({ err: error }, 'the change feed is away; nothing is served from memory'),
    });
    stops.unshift(() => feed.close());
    settle = feed.settle;
    const communities = createCommunityCache(database, feed);
    const metrics = createMetrics();
    const files = loadStaticFiles();
    const providers = createProviderPool({
      database,
      sealer,
      outbound,
      onBuilt: (provider, community) => watchProvider(provider, community, log),
    });
    const web = createWebApp({
      config,
      database,
      sealer,
      log,
      communities,
      signIns: createSignInCache(feed),
      settle: feed.settle,
      providers,
      throttle: createSignInThrottle(database.pool, sealer),
      csrf: createCsrf(sealer),
      files,
      renderer: createRenderer(files),
      metrics,
    });
    server = createServer(web.callback());
    server.requestTimeout = 30_000;
    server.headersTimeout = 15_000;
    server.on('clientError', (error, socket) => refuseUnreadable(log, error, socket));
    const listening = server;
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen(config.listen.port, config.listen.host, resolve);
    });
    stops.unshift(() => closeServer(listening));
  }
  return {
    server,
    settle,
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}

/** Takes no new requests, lets those in flight finish (10 s at most), and drops idle connections. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), 10_000);
  await closed;
  clearTimeout(late);
}
