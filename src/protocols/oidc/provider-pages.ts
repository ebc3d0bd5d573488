import type Provider from 'oidc-provider';
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { PageModel } from '../../platform/web/pages.ts';
import { currentScope } from './request-scope.ts';

/** Of a visitor who has not signed in, in seconds: they leave little behind. */
export const VISITOR_SESSION_TTL = 3600;

/** Shows one of our pages where the provider would show its own. */
export function show(ctx: KoaContextWithOIDC, page: PageModel): void {
  ctx.type = 'html';
  const uiLocales = ctx.oidc?.params?.ui_locales;
  ctx.body = currentScope().context.render(
    page,
    typeof uiLocales === 'string' ? uiLocales : undefined,
  );
}

export function home(): string {
  return currentScope().context.issuer.basePath || '/';
}

export function xsrf(ctx: KoaContextWithOIDC): string {
  return (ctx.oidc.session?.state as { secret?: string } | undefined)?.secret ?? '';
}

export function userCodeInputSource(
  ctx: KoaContextWithOIDC,
  _form: string,
  _out?: unknown,
  error?: Error,
): void {
  if (error !== undefined) giveSessionCookie(ctx);
  show(ctx, {
    page: 'device-code',
    action: ctx.oidc.urlFor('code_verification'),
    xsrf: xsrf(ctx),
    fault: error && deviceFault(error),
  });
}

/**
 * After an error the provider gives the form a session once more, later than it looks whether the browser
 * has to hear of one: whoever came without would hold a form that cannot be sent.
 */
function giveSessionCookie(ctx: KoaContextWithOIDC): void {
  const { session, provider, cookies } = ctx.oidc;
  if (session === undefined || session.exp !== undefined) return;
  const path = currentScope().context.issuer.basePath || '/';
  cookies.set(provider.cookieName('session'), session.jti as string, {
    httpOnly: true,
    sameSite: 'lax',
    signed: true,
    path,
  });
}

/**
 * Stores such a session, of which the provider believes that it was stored before: that was a fault of the
 * server's for whoever came without a cookie.
 */
export function keepLateSessions(provider: Provider): void {
  const prototype = provider.Session.prototype;
  const persist = prototype.persist as (this: typeof prototype) => Promise<string>;
  prototype.persist = function persistOrSave() {
    return this.exp === undefined ? this.save(VISITOR_SESSION_TTL) : persist.call(this);
  };
}

function deviceFault(error: Error): 'missing' | 'expired' | 'aborted' | 'unknown' {
  if (error.name === 'NoCodeError') return 'missing';
  if (error.name === 'ExpiredError' || error.name === 'SessionNotFound') return 'expired';
  return error.name === 'AbortedError' ? 'aborted' : 'unknown';
}

export function userCodeConfirmSource(
  ctx: KoaContextWithOIDC,
  _form: string,
  client: { clientName?: string; clientId: string },
  deviceInfo: Record<string, unknown>,
  userCode: string,
): void {
  show(ctx, {
    page: 'device-confirm',
    action: ctx.oidc.urlFor('code_verification'),
    xsrf: xsrf(ctx),
    userCode,
    service: { name: client.clientName ?? client.clientId },
    ip: deviceInfo.ip as string | undefined,
    userAgent: deviceInfo.ua as string | undefined,
  });
}

export function deviceSuccessSource(ctx: KoaContextWithOIDC): void {
  show(ctx, { page: 'device-done' });
}

/** What a browser sees when a request cannot be answered at the app's own address. */
export function renderError(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): void {
  show(ctx, {
    page: 'error',
    status: ctx.status,
    kind: errorKind(ctx, out, error),
    detail: [out.error, out.error_description].filter(Boolean).join(': '),
    homeUrl: home(),
  });
}

function errorKind(
  ctx: KoaContextWithOIDC,
  out: ErrorOut,
  error: Error,
):
  | 'unknown-client'
  | 'redirect-mismatch'
  | 'expired'
  | 'sign-out'
  | 'oidc'
  | 'unavailable'
  | 'internal' {
  if (out.error === 'temporarily_unavailable') return 'unavailable';
  if (error.name === 'InvalidClient') return 'unknown-client';
  if (error.name === 'InvalidRedirectUri') return 'redirect-mismatch';
  if (error.name === 'SessionNotFound') return 'expired';
  if (out.error === 'server_error') return 'internal';
  return ctx.oidc?.route?.startsWith('end_session') ? 'sign-out' : 'oidc';
}
