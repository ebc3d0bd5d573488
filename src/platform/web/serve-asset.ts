import type { Context } from 'koa';
import type { StaticFiles } from './static.ts';

/** Styles, scripts and pictures of our own under `/assets/`, for any host. */
export async function serveAsset(parts: { files: StaticFiles }, ctx: Context): Promise<boolean> {
  if (!ctx.path.startsWith('/assets/') || (ctx.method !== 'GET' && ctx.method !== 'HEAD'))
    return false;
  const file = parts.files.find(ctx.path.slice('/assets/'.length));
  if (file === undefined) return false;
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set(
    'Cache-Control',
    file.immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
  );
  ctx.etag = file.etag;
  ctx.type = file.type;
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = file.body;
  return true;
}
