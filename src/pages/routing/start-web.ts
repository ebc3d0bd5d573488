import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { createApiDocument } from '../../api/openapi/document.ts';
import { createCommunityCache } from '../../domain/communities/community-cache.ts';
import { createHostChecks } from '../../domain/hosts/check-host.ts';
import { proofParts } from '../../domain/hosts/proof-parts.ts';
import type { Passwords } from '../../domain/people/passwords.ts';
import { createPictureMaker } from '../../domain/pictures/make-picture.ts';
import type { Config } from '../../platform/config/config.ts';
import type { ChangeFeed } from '../../platform/database/change-feed.ts';
import type { Database } from '../../platform/database/database.ts';
import { listenAt } from '../../platform/net/listen.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { createFloodGuard } from '../../platform/throttles/flood-guard.ts';
import type { RefusalPace } from '../../platform/throttles/refusal-pace.ts';
import type { Throttles } from '../../platform/throttles/throttles.ts';
import { Connections } from '../../platform/web/connections.ts';
import { createCsrf } from '../../platform/web/csrf.ts';
import { createMetrics } from '../../platform/web/metrics.ts';
import { createPlaces } from '../../platform/web/places.ts';
import type { Readiness } from '../../platform/web/readiness.ts';
import { createRenderer } from '../../platform/web/render.ts';
import { loadStaticFiles } from '../../platform/web/static.ts';
import { createUploads } from '../../platform/web/uploads.ts';
import { createDisclosureNotes } from '../../protocols/oidc/disclosure-notes.ts';
import { createProviderPool } from '../../protocols/oidc/provider-pool.ts';
import { createSignInCache } from '../../protocols/oidc/sign-in-cache.ts';
import { watchProvider } from '../../protocols/oidc/watch-provider.ts';
import { createWebApp, type Site } from './web-app.ts';

/** Serves the pages and the protocol's endpoints at the configured address. */
export async function startWeb(parts: {
  config: Config;
  database: Database;
  sealer: Sealer;
  outbound: Outbound;
  feed: ChangeFeed;
  throttle: Throttles;
  passwords: Passwords;
  pace: RefusalPace;
  readiness: Readiness;
  log: Logger;
  site: Site;
}): Promise<{ server: Server; stop(): Promise<void> }> {
  const { config, database, sealer, outbound, feed, throttle, passwords, pace, readiness, log } =
    parts;
  const files = loadStaticFiles();
  const connections = new Connections({ trustedProxies: config.trustedProxies, log });
  const web = createWebApp(
    {
      config,
      database,
      sealer,
      log,
      communities: createCommunityCache(database, feed),
      signIns: createSignInCache(feed),
      disclosures: createDisclosureNotes(),
      settle: feed.settle,
      providers: createProviderPool({
        database,
        sealer,
        outbound,
        onBuilt: (provider, community) => watchProvider(provider, community, log),
      }),
      throttle,
      floods: createFloodGuard(),
      passwords,
      pace,
      csrf: createCsrf(sealer),
      files,
      renderer: createRenderer(files, parts.site.frameOf),
      metrics: createMetrics(),
      hostChecks: createHostChecks(database, proofParts(config, outbound)),
      readiness,
      pictures: createPictureMaker(),
      connections,
      uploads: createUploads(connections),
      apiPlaces: createPlaces('requests to the API', 40, { tenant: 20, token: 10 }),
      apiDocument: createApiDocument(parts.site.api.routes, config.url.origin),
    },
    parts.site,
  );
  const server = connections.createServer(web.callback());
  await listenAt(server, config.listen, 'TROUSSEAU_LISTEN');
  return { server, stop: () => closeServer(server) };
}

/** Takes no new requests, lets those in flight finish (10 s at most), and drops idle connections. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), 10_000);
  await closed;
  clearTimeout(late);
}
