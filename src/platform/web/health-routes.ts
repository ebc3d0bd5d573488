import { timingSafeEqual } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';
import type { Config } from '../config/config.ts';
import { isIn } from '../net/addresses.ts';
import { tokenHash } from '../secrets/token-hash.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

type Parts = { config: Config; readiness: Readiness; metrics: Metrics };

/** `/healthz` (the process lives), `/readyz` (it can serve), `/metrics`; for any host. */
export async function healthRoutes(parts: Parts, ctx: Context): Promise<boolean> {
  if (ctx.path === '/healthz') {
    ctx.body = { status: 'ok' };
  } else if (ctx.path === '/readyz') {
    const fault = await parts.readiness();
    ctx.status = fault === undefined ? 200 : 503;
    ctx.body = { status: fault ?? 'ready' };
    if (fault !== undefined) ctx.set('Retry-After', '5');
  } else if (ctx.path === '/metrics' && mayReadMetrics(parts, ctx)) {
    ctx.type = parts.metrics.registry.contentType;
    ctx.body = await parts.metrics.registry.metrics();
  } else {
    return false;
  }
  ctx.set('Cache-Control', 'no-store');
  return true;
}

/** From the loopback without a proxy in between, or with the token of `TROUSSEAU_METRICS_TOKEN`. */
function mayReadMetrics(parts: Parts, ctx: Context): boolean {
  const { metricsToken } = parts.config;
  const given = /^Bearer (.+)$/.exec(ctx.get('authorization'))?.[1];
  if (metricsToken !== undefined && given !== undefined) {
    return timingSafeEqual(tokenHash(given), tokenHash(metricsToken));
  }
  const peer = ctx.req.socket.remoteAddress ?? '';
  const isLoopback = ipaddr.isValid(peer) && ipaddr.process(peer).range() === 'loopback';
  // Behind a proxy on this machine everybody would come from the loopback.
  const isProxied =
    isIn(peer, parts.config.trustedProxies) ||
    [
      'forwarded',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-real-ip',
      'via',
    ].some((name) => ctx.get(name) !== '');
  return isLoopback && !isProxied;
}
