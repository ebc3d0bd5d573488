import { decodeJwt } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';

/** What says how, and with what, an answer goes back; the provider checks each as it checks those of the address. */
const OF_THE_ANSWER = ['response_mode', 'state'] as const;

/**
 * Request objects are refused (OpenID Connect Core §6.1, `request_not_supported`). The app that sends one has
 * put into it how it wants to be answered, and reads nothing else: its parameters supersede those beside it
 * (§6.1), so that the refusal follows them. Nothing else is taken from it, and what it says is worth no more
 * than the address itself: nobody's signature is verified.
 */
export async function answerAsRequestObjectSays(
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  const { request } = ctx.query;
  if (ctx.method === 'GET' && ctx.path === '/oidc/auth' && typeof request === 'string') {
    const claims = claimsOf(request);
    for (const name of OF_THE_ANSWER) {
      const value = claims[name];
      if (typeof value === 'string') ctx.query[name] = value;
    }
    const { redirect_uri: redirectUri } = claims;
    // The refusal goes to a registered address or nowhere.
    if (ctx.query.redirect_uri === undefined && typeof redirectUri === 'string')
      ctx.query.redirect_uri = redirectUri;
  }
  await next();
}

function claimsOf(jwt: string): Record<string, unknown> {
  try {
    return decodeJwt(jwt);
  } catch {
    return {};
  }
}
