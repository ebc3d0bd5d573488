import type { KoaContextWithOIDC } from 'oidc-provider';
import { DomainError } from '../../domain/errors.ts';
import { TooManyError } from '../../platform/errors/too-many-error.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { minutesToWait } from '../../platform/web/http-errors.ts';
import { comeAgain } from './answered-requests.ts';
import { UsedUpError } from './changes.ts';
import { leadFormAfterOther } from './forms-sent-twice.ts';
import { home, show } from './provider-pages.ts';
import { currentUnit } from './request-scope.ts';

/** Endpoints that programs call; the others are for browsers. */
const FOR_PROGRAMS = new Set([
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
]);

const RESUMES = new Set(['resume', 'device_resume']);

/**
 * Stores what the request changed before its answer leaves: what was answered is stored. Where
 * something it used up was gone by then (a code redeemed twice at once, a session ended meanwhile), or a
 * rule is against it, the answer is a refusal; where the database was away, it says so. In both cases nothing was stored.
 */
export function storeBeforeAnswering(sealer: Sealer) {
  return (ctx: KoaContextWithOIDC, next: () => Promise<void>) => store(sealer, ctx, next);
}

async function store(
  sealer: Sealer,
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  if (ctx.status === 503) ctx.set('Retry-After', '5');
  if (ctx.status === 404 && ctx.body === undefined) {
    answer(ctx, 404, 'not-found', { error: 'not_found' });
    return;
  }
  try {
    await endReused(ctx);
    await currentUnit().flush();
  } catch (error) {
    if (error instanceof TooManyError) {
      ctx.set('Retry-After', String(error.retryAfterSeconds));
      answer(ctx, 429, 'too-many', { error: 'temporarily_unavailable' });
      return;
    }
    const isRefusal = error instanceof UsedUpError || error instanceof DomainError;
    if (!isRefusal) {
      ctx.oidc?.provider.emit('server_error', ctx, error as Error);
      ctx.set('Retry-After', '5');
      answer(ctx, 503, 'unavailable', { error: 'temporarily_unavailable' });
      return;
    }
    if (error instanceof UsedUpError && RESUMES.has(ctx.oidc?.route)) {
      // Another request brought the same answer at this moment: this one comes again, and goes on as that does.
      comeAgain(ctx);
      return;
    }
    if (error instanceof UsedUpError && (await leadFormAfterOther(ctx, sealer))) return;
    if (error instanceof UsedUpError) await revokeReused(ctx);
    const description = 'grant request is invalid';
    answer(ctx, 400, 'expired', { error: 'invalid_grant', error_description: description });
  }
}

/**
 * RFC 9700 §4.14.2: a refresh token came a second time, however long ago the first was, from the client that it
 * was given to: all that its grant gave ends.
 */
async function endReused(ctx: KoaContextWithOIDC): Promise<void> {
  const grantId = currentUnit().reusedGrant;
  const { client, provider, route } = ctx.oidc ?? {};
  if (grantId === undefined || !['token', 'revocation'].includes(route)) return;
  const grant = await provider.Grant.find(grantId);
  if (grant !== undefined && grant.clientId === client?.clientId)
    await currentUnit().revokeGrantNow(grantId);
}

/** RFC 9700 §4.14.2: of two that bring one code or token, one may be a thief, and nobody can tell which. */
async function revokeReused(ctx: KoaContextWithOIDC): Promise<void> {
  if (ctx.oidc?.route !== 'token') return;
  const { AuthorizationCode, RefreshToken, RotatedRefreshToken } = ctx.oidc.entities;
  const grantId = (AuthorizationCode ?? RotatedRefreshToken ?? RefreshToken)?.grantId;
  if (grantId !== undefined) await currentUnit().revokeGrantNow(grantId);
}

function answer(
  ctx: KoaContextWithOIDC,
  status: number,
  kind: 'expired' | 'unavailable' | 'not-found' | 'too-many',
  body: Record<string, string>,
): void {
  ctx.remove('Location');
  ctx.remove('Set-Cookie');
  ctx.status = status;
  const route = ctx.status === 404 ? undefined : ctx.oidc?.route;
  if (FOR_PROGRAMS.has(route ?? '') || !ctx.get('accept').includes('text/html')) {
    ctx.body = body;
    return;
  }
  const isLater = status === 429 || status === 503;
  show(ctx, {
    page: 'error',
    status,
    kind,
    homeUrl: home(),
    // The page at hand.
    wayOn: isLater && ctx.method === 'GET' ? { url: '', kind: 'retry' } : undefined,
    retryAfterMinutes: status === 429 ? minutesToWait(ctx) : undefined,
  });
}
