import type { Context } from 'koa';
import { z } from 'zod';
import { isServedHost, listServedHosts } from '../../domain/hosts/served-hosts.ts';
import { normalHost } from '../../platform/text/host-name.ts';
import { isFromInside, isFromInsideOrProxy } from '../../platform/web/from-inside.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { WebParts } from './web-parts.ts';

type Parts = Pick<WebParts, 'config' | 'database'>;

/**
 * What proxies ask before they get a certificate, or to know where to lead requests; for any host:
 * `/tls/ask?domain=HOST` (Caddy's on-demand TLS) is 200 for the hub's host and for those of communities, else 404;
 * `/tls/traefik` is a configuration for Traefik's HTTP provider. Whoever may not ask finds nothing there.
 */
export async function proxyRoutes(parts: Parts, ctx: Context): Promise<boolean> {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false;
  if (ctx.path === '/tls/ask' && isFromInsideOrProxy(parts.config, ctx)) {
    const isServed = await isKnown(parts, ctx.query.domain);
    ctx.status = isServed ? 200 : 404;
    ctx.body = { status: isServed ? 'served' : 'unknown' };
  } else if (ctx.path === '/tls/traefik' && isFromInside(parts.config, ctx)) {
    ctx.body = await traefikConfiguration(parts, ctx.query);
  } else {
    return false;
  }
  ctx.set('Cache-Control', 'no-store');
  return true;
}

async function isKnown({ config, database }: Parts, asked: unknown): Promise<boolean> {
  const host = typeof asked === 'string' ? normalHost(asked) : undefined;
  if (host === undefined || host.includes(':')) return false;
  return host === config.url.hostname || (await isServedHost(database, host));
}

/** A name of Traefik's, such as `letsencrypt` or `trousseau@file`. */
const traefikName = z.string().regex(/^[\w.-]{1,100}(@[\w.-]{1,100})?$/);
const traefikQuery = z.object({
  service: traefikName,
  entrypoint: traefikName.default('websecure'),
  resolver: traefikName.optional(),
});

/** A router for each host; never an empty list, which Traefik takes for a fault. */
async function traefikConfiguration({ config, database }: Parts, query: unknown): Promise<object> {
  const parsed = traefikQuery.safeParse(query);
  if (!parsed.success) {
    throw new RequestError(
      400,
      'bad-request',
      'give service, and entrypoint and resolver if need be',
    );
  }
  const { service, entrypoint, resolver } = parsed.data;
  const hosts = [config.url.hostname, ...(await listServedHosts(database))];
  const routers = hosts.map((host) => [
    `trousseau-${host.replaceAll('.', '_')}`,
    {
      rule: `Host(\`${host}\`)`,
      entryPoints: [entrypoint],
      service,
      tls: resolver === undefined ? {} : { certResolver: resolver },
    },
  ]);
  return { http: { routers: Object.fromEntries(routers) } };
}
