import Koa, { type Context } from 'koa';
import type { ApiKind } from '../../api/routing/api-route.ts';
import { runApiRoute } from '../../api/routing/run-api-route.ts';
import type { Config } from '../../platform/config/config.ts';
import { isWhole } from '../../platform/text/whole-text.ts';
import {
  type EdgeView,
  ForwardedHeaderError,
  RequestTargetError,
  readEdge,
  takeOriginForm,
} from '../../platform/web/edge.ts';
import { healthRoutes } from '../../platform/web/health-routes.ts';
import { RequestError, unreadableText } from '../../platform/web/http-errors.ts';
import type { FrameOf } from '../../platform/web/render.ts';
import { aboutOf, nameRoute, nameTenant } from '../../platform/web/request-log.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { setSecurityHeaders } from '../../platform/web/security-headers.ts';
import { serveAsset } from '../../platform/web/serve-asset.ts';
import { isVisitorGone } from '../../platform/web/visitor-gone.ts';
import type { CommunityKind } from './community-route.ts';
import { communityRoutes } from './community-routes.ts';
import { answerError, isOfApi } from './error-answers.ts';
import { placeOf } from './error-page.ts';
import { createPlaces, type Places } from './find-place.ts';
import type { HubKind } from './hub-request.ts';
import { hubRoutes } from './hub-routes.ts';
import { proxyRoutes } from './proxy-routes.ts';
import type { WebParts } from './web-parts.ts';

/** All that is served, put together by `app-web.ts`. */
export type Site = {
  community: RouteTable<CommunityKind>;
  hub: RouteTable<HubKind>;
  /** Below `/api` of the hub's own host. */
  api: RouteTable<ApiKind>;
  frameOf: FrameOf;
};

/**
 * The web server's one way in: the edge says who asks and for which host, the host and path say which
 * community, and only then does a route see the request.
 */
export function createWebApp(parts: WebParts, site: Site): Koa {
  const app = new Koa();
  const places = createPlaces(parts.communities, parts.config);
  const errorParts = { ...parts, isPage: pagesOf(site) };
  // Forwarded headers are set by our own edge only (`readEdge`), after it removed the visitor's.
  app.proxy = true;
  app.on('error', (error: Error) => {
    if (isVisitorGone(error)) parts.log.debug({ reason: error.message }, 'the visitor went away');
    else parts.log.error({ err: error }, 'an answer broke off');
  });
  app.use(async (ctx) => {
    const started = performance.now();
    try {
      await answer(parts, site, places, ctx);
      // Said of what was one too many: what went on all the same has nothing to wait for.
      if (ctx.status < 400 && !ctx.res.headersSent) ctx.remove('Retry-After');
    } catch (error) {
      const { edge } = ctx.state as { edge?: EdgeView };
      ctx.state.place ??= edge && places.lastSeen(edge.host, ctx.path);
      await answerError(errorParts, ctx, error);
    }
    report(parts, ctx, started);
  });
  return app;
}

async function answer(parts: WebParts, site: Site, places: Places, ctx: Context): Promise<void> {
  const { config } = parts;
  takeTarget(ctx);
  if ((await healthRoutes(parts, ctx)) || (await proxyRoutes(parts, ctx))) {
    nameRoute(ctx, ctx.path);
    return;
  }
  const edge = trustEdge(config, ctx);
  ctx.state.edge = edge;
  parts.connections.admit(ctx.req, edge.ip);
  // Until an issuer is found it is the hub that answers, refusals included.
  presentAs(ctx, config.url.origin);
  if (await serveAsset(parts, ctx)) {
    nameRoute(ctx, '/assets/*');
    return;
  }
  const place = await places.find(edge.host, ctx.path);
  const https = place.url.startsWith('https:');
  setSecurityHeaders(ctx, https);
  presentAs(ctx, place.url);
  ctx.state.route = place.kind;
  if (place.kind === 'hub') {
    requireWholeQuery(ctx);
    if (isOfApi(ctx.path)) {
      ctx.state.route = 'api';
      await runApiRoute(site.api, parts, { ctx, ip: edge.ip }, ctx.path.slice('/api'.length));
    } else {
      await hubRoutes(parts, site.hub, ctx);
    }
    return;
  }
  nameTenant(ctx, place.community.slug);
  ctx.state.place = place;
  ctx.state.publicUrl = place.basePath + ctx.url.slice(place.basePath.length);
  requireWholeQuery(ctx);
  await communityRoutes(parts, site.community, ctx, place);
}

/** Pages whose address may stand on another page. */
function pagesOf({ community, hub }: Site) {
  return (ctx: Context, path: string): boolean => {
    const routes = (placeOf(ctx) === undefined ? hub : community).find(path)?.resource.routes;
    return routes?.get('GET')?.secret.length === 0;
  };
}

function takeTarget(ctx: Context): void {
  try {
    takeOriginForm(ctx.req);
  } catch (error) {
    if (error instanceof RequestTargetError)
      throw new RequestError(400, 'bad-request', error.message);
    throw error;
  } finally {
    // Koa kept the target as it came, and builds addresses from it.
    ctx.originalUrl = ctx.url;
    ctx.request.originalUrl = ctx.url;
  }
}

/** What stands in a query comes to be kept: an app's request, an address to go back to. */
function requireWholeQuery({ querystring }: Context): void {
  if (!querystring.includes('%')) return;
  if (![...new URLSearchParams(querystring)].flat().every(isWhole)) {
    throw unreadableText('the query');
  }
}

function trustEdge(config: Config, ctx: Context): EdgeView {
  try {
    return readEdge(ctx.req, config.trustedProxies);
  } catch (error) {
    if (error instanceof ForwardedHeaderError)
      throw new RequestError(400, 'bad-request', error.message);
    throw error;
  }
}

/** From here on host and scheme are those of the issuer, whatever the request's headers said. */
function presentAs(ctx: Context, url: string): void {
  const [scheme, , host] = url.split('/');
  ctx.req.headers.host = host;
  ctx.req.headers['x-forwarded-proto'] = scheme?.slice(0, -1);
  ctx.req.headers['x-forwarded-for'] = (ctx.state.edge as EdgeView).ip || '0.0.0.0';
}

function report(parts: WebParts, ctx: Context, started: number): void {
  const status = ctx.respond === false ? ctx.res.statusCode : ctx.status;
  const ms = performance.now() - started;
  const route = (ctx.state.route as string | undefined) ?? 'other';
  parts.metrics.requests.observe({ route, status: `${Math.floor(status / 100)}xx` }, ms / 1000);
  if (parts.log.isLevelEnabled('debug'))
    parts.log.debug({ ...aboutOf(ctx), status, ms: Math.round(ms) }, 'request');
}
