import type { Logger } from 'pino';
import type { OpenApi } from '../../api/openapi/document.ts';
import type { CommunityCache } from '../../domain/communities/community-cache.ts';
import type { HostChecks } from '../../domain/hosts/check-host.ts';
import type { Passwords } from '../../domain/people/passwords.ts';
import type { PictureMaker } from '../../domain/pictures/make-picture.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { FloodGuard } from '../../platform/throttles/flood-guard.ts';
import type { RefusalPace } from '../../platform/throttles/refusal-pace.ts';
import type { Throttles } from '../../platform/throttles/throttles.ts';
import type { Connections } from '../../platform/web/connections.ts';
import type { Csrf } from '../../platform/web/csrf.ts';
import type { Metrics } from '../../platform/web/metrics.ts';
import type { Places } from '../../platform/web/places.ts';
import type { Readiness } from '../../platform/web/readiness.ts';
import type { Renderer } from '../../platform/web/render.ts';
import type { StaticFiles } from '../../platform/web/static.ts';
import type { Uploads } from '../../platform/web/uploads.ts';
import type { DisclosureNotes } from '../../protocols/oidc/disclosure-notes.ts';
import type { ProviderPool } from '../../protocols/oidc/provider-pool.ts';
import type { SignInCache } from '../../protocols/oidc/sign-in-cache.ts';

/** What the web server's routes are made of; put together in `app.ts`. */
export type WebParts = {
  config: Config;
  database: Database;
  sealer: Sealer;
  log: Logger;
  communities: CommunityCache;
  signIns: SignInCache;
  disclosures: DisclosureNotes;
  /** After a change of one's own: the page that follows shows it. */
  settle(): Promise<void>;
  providers: ProviderPool;
  throttle: Throttles;
  floods: FloodGuard;
  passwords: Passwords;
  /** Of refusals. */
  pace: RefusalPace;
  csrf: Csrf;
  renderer: Renderer;
  files: StaticFiles;
  metrics: Metrics;
  hostChecks: HostChecks;
  /** Whether this process can serve. */
  readiness: Readiness;
  pictures: PictureMaker;
  connections: Connections;
  uploads: Uploads;
  /** Requests of programs that are under way at once. */
  apiPlaces: Places<'tenant' | 'token'>;
  apiDocument(): OpenApi;
};
