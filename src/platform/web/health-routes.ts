import type { Context } from 'koa';
import type { Config } from '../config/config.ts';
import { isFromInside } from './from-inside.ts';
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
  } else if (ctx.path === '/metrics' && isFromInside(parts.config, ctx)) {
    ctx.type = parts.metrics.registry.contentType;
    ctx.body = await parts.metrics.registry.metrics();
  } else {
    return false;
  }
  ctx.set('Cache-Control', 'no-store');
  return true;
}
