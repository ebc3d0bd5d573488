import type { KoaContextWithOIDC } from 'oidc-provider';
import { UsedUpError } from './oidc-writes.ts';
import { currentScope, currentUnit } from './unit-of-work.ts';

/**
 * Stores what the request changed before its answer leaves: what was answered is stored. Where
 * something it used up was gone by then (a code redeemed twice at once, a session ended meanwhile), the
 * answer is a refusal, and nothing of the request was stored.
 */
export async function storeBeforeAnswering(
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  try {
    await currentUnit().flush();
  } catch (error) {
    if (!(error instanceof UsedUpError)) throw error;
    await refuse(ctx);
  }
}

async function refuse(ctx: KoaContextWithOIDC): Promise<void> {
  ctx.remove('Location');
  ctx.remove('Set-Cookie');
  if (ctx.oidc?.route === 'token') {
    const { AuthorizationCode, RefreshToken, RotatedRefreshToken } = ctx.oidc.entities;
    const grantId = (AuthorizationCode ?? RotatedRefreshToken ?? RefreshToken)?.grantId;
    // RFC 9700 §4.14.2: one of the two may be a thief, and nobody can tell which.
    if (grantId !== undefined) await currentUnit().revokeGrantNow(grantId);
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' };
    return;
  }
  ctx.status = 400;
  ctx.type = 'html';
  ctx.body = currentScope().context.render({
    page: 'error',
    status: 400,
    kind: 'expired',
    homeUrl: currentScope().context.issuer.url,
  });
}
