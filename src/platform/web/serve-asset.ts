import type { Context } from 'koa';
import type { StaticFiles } from './static.ts';

/** Styles, scripts, fonts and pictures of our own under `/assets/`, for any host. */
export async function serveAsset(parts: { files: StaticFiles }, ctx: Context): Promise<boolean> {
  if (!ctx.path.startsWith('/assets/') || (ctx.method !== 'GET' && ctx.method !== 'HEAD'))
    return false;
  const file = parts.files.find(ctx.path.slice('/assets/'.length));
  if (file === undefined) return false;
  const gzipped = takesGzip(ctx) ? file.gzipped : undefined;
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set(
    'Cache-Control',
    file.immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
  );
  if (file.gzipped !== undefined) ctx.vary('Accept-Encoding');
  if (gzipped !== undefined) ctx.set('Content-Encoding', 'gzip');
  ctx.etag = gzipped === undefined ? file.etag : `${file.etag}-gzip`;
  ctx.type = file.type;
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = gzipped ?? file.body;
  return true;
}

/** Whether the visitor named gzip among what it takes (RFC 9110 §12.5.3); who names nothing gets the file as it is. */
function takesGzip(ctx: Context): boolean {
  return ctx.get('accept-encoding') !== '' && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
}
