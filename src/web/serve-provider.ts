import type { ServerResponse } from 'node:http';
import type { CommunityRequest } from './community-request.ts';
import { allowFormsToLeave } from './security-headers.ts';

/** Documents that are the same for everybody until the community or its keys change. */
const DOCUMENTS = new Set([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oidc/jwks',
]);
/** Seconds: short, so that a new key is known well before it signs. */
const DOCUMENT_MAX_AGE = 300;

/** Hands a protocol request to the community's provider; fixed documents come from memory. */
export async function serveProvider(request: CommunityRequest): Promise<void> {
  const { ctx, path } = request;
  const ready = await request.ready();
  const isDocument = DOCUMENTS.has(path) && (ctx.method === 'GET' || ctx.method === 'HEAD');
  if (isDocument) {
    ctx.set('Cache-Control', `public, max-age=${DOCUMENT_MAX_AGE}`);
    const body = ready.documents.get(path);
    if (body !== undefined) {
      ctx.set('Access-Control-Allow-Origin', '*');
      ctx.type =
        path === '/oidc/jwks'
          ? 'application/jwk-set+json; charset=utf-8'
          : 'application/json; charset=utf-8';
      ctx.body = body;
      return;
    }
    if (ctx.method === 'GET') keepAnswer(ctx.res, (answer) => ready.documents.set(path, answer));
  }
  // Its answers may be forms that post to an app (form_post), and it closes them with its own hash.
  allowFormsToLeave(ctx);
  ctx.respond = false;
  ctx.res.statusCode = 404;
  ctx.req.url = ctx.url.slice(request.issuer.basePath.length);
  (ctx.req as typeof ctx.req & { originalUrl: string }).originalUrl = ctx.originalUrl;
  await request.run(() => ready.handle(ctx.req, ctx.res));
}

/** Keeps the body of a successful answer as it leaves. */
function keepAnswer(res: ServerResponse, keep: (body: Buffer) => void): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
  res.end = ((...args: unknown[]) => {
    const [body] = args;
    if (res.statusCode === 200 && (typeof body === 'string' || Buffer.isBuffer(body)))
      keep(Buffer.from(body));
    return end(...args);
  }) as ServerResponse['end'];
}
