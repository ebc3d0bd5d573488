import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { readFormPairs } from '../../platform/web/form-body.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { nameRoute } from '../../platform/web/request-log.ts';
import { allowFormsToLeave } from '../../platform/web/security-headers.ts';
import type { ProviderPool } from '../../protocols/oidc/provider-pool.ts';
import type { CommunityRequest } from './community-request.ts';
import type { CommunityPlace } from './open-community-request.ts';

/** Documents that are the same for everybody until the community or its keys change. */
const DOCUMENTS = new Set([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oidc/jwks',
]);
/** What an app may send the browser to with a form as well (Core §3.1.2.1, RP-Initiated Logout §2). */
const BY_POST_TOO = new Set(['/oidc/auth', '/oidc/session/end']);
/** What programs call: a library that claims to accept pages first gets JSON all the same (RFC 6749 §5.2). */
const FOR_PROGRAMS = new Set([
  '/oidc/token',
  '/oidc/token/introspection',
  '/oidc/token/revocation',
  '/oidc/request',
  '/oidc/device/auth',
  '/oidc/me',
]);
/** What else has a name of its own in the log; whatever comes after one is an app's request or a code. */
const ENDPOINTS = new Set([
  ...DOCUMENTS,
  ...BY_POST_TOO,
  ...FOR_PROGRAMS,
  '/oidc/device',
  '/oidc/session/end/confirm',
  '/oidc/session/end/success',
]);
const RESUMED = /^\/oidc\/(auth|device)\/(?!auth$)/;
/** Longest query that a form is turned into; Node reads no more than 16 KiB of headers. */
const MAX_QUERY = 12_000;
/** Seconds: short, so that a new key is known well before it signs. */
const DOCUMENT_MAX_AGE = 300;

/** Answers with a document that the provider has made before: apps ask for them again and again. @returns whether there is one */
export async function serveDocument(
  providers: ProviderPool,
  ctx: Context,
  { community, ...issuer }: CommunityPlace,
  path: string,
): Promise<boolean> {
  if (!isDocument(ctx, path)) return false;
  ctx.state.route = 'protocol';
  nameRoute(ctx, path);
  const body = (await providers.get(community, issuer)).documents.get(path);
  if (body === undefined) return false;
  const kind = path === '/oidc/jwks' ? 'jwk-set+json' : 'json';
  ctx.set('Content-Type', `application/${kind}; charset=utf-8`);
  ctx.set('Cache-Control', `public, max-age=${DOCUMENT_MAX_AGE}`);
  ctx.set('Access-Control-Allow-Origin', '*');
  ctx.body = body;
  return true;
}

function isDocument({ method }: Context, path: string): boolean {
  return DOCUMENTS.has(path) && (method === 'GET' || method === 'HEAD');
}

/** Hands a protocol request to the community's provider. */
export async function serveProvider(request: CommunityRequest): Promise<void> {
  const { ctx, path } = request;
  ctx.state.route = 'protocol';
  nameRoute(ctx, endpointOf(path));
  if (FOR_PROGRAMS.has(path)) ctx.req.headers.accept = 'application/json';
  const ready = await request.ready();
  const isFixed = isDocument(ctx, path);
  if (isFixed) {
    ctx.set('Cache-Control', `public, max-age=${DOCUMENT_MAX_AGE}`);
    if (ctx.method === 'GET') keepAnswer(ctx.res, (answer) => ready.documents.set(path, answer));
  }
  if (ctx.method === 'POST' && BY_POST_TOO.has(path)) {
    await turnToGet(request);
    return;
  }
  if (request.community.state !== 'active' && !isFixed) {
    refuseClosed(request);
    return;
  }
  // Its answers may be forms that post to an app (form_post), and it closes them with its own hash.
  allowFormsToLeave(ctx);
  ctx.respond = false;
  ctx.res.statusCode = 404;
  // The addresses that lead back from a question name it in their path, and take nothing else.
  const target = RESUMED.test(path) ? ctx.path : ctx.url;
  ctx.req.url = target.slice(request.issuer.basePath.length);
  (ctx.req as typeof ctx.req & { originalUrl: string }).originalUrl = ctx.originalUrl;
  await request.run(() => ready.handle(ctx.req, ctx.res));
}

function endpointOf(path: string): string {
  if (ENDPOINTS.has(path)) return path;
  if (/^\/oidc\/auth\/[^/]+$/.test(path)) return '/oidc/auth/:uid';
  return path.startsWith('/oidc/') ? '/oidc/*' : '/.well-known/*';
}

/** A community that is paused or gone gives no tokens, whoever asks. */
function refuseClosed(request: CommunityRequest): void {
  const { ctx, community } = request;
  if (ctx.get('accept').includes('text/html')) {
    request.page({ page: 'community-closed', state: community.state as 'frozen' }, { status: 503 });
    return;
  }
  ctx.status = 503;
  ctx.body = {
    error: 'temporarily_unavailable',
    error_description: `the community is ${community.state}`,
  };
}

/**
 * A form that another site sends comes without our cookies (SameSite=Lax, which keeps other sites from
 * acting in the member's name). The browser is asked to come again by itself: then it brings them.
 */
async function turnToGet({ ctx }: CommunityRequest): Promise<void> {
  const fields = await readFormPairs(ctx.req);
  const query = new URLSearchParams([
    ...new URLSearchParams(ctx.querystring),
    ...fields,
  ]).toString();
  if (query.length > MAX_QUERY) throw new RequestError(413, 'too-large', 'the request is too long');
  ctx.status = 303;
  ctx.redirect(`${ctx.path}?${query}`);
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
