import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { PageModel } from '../../platform/web/pages.ts';
import { currentScope, currentUnit } from './request-scope.ts';

/** Shows one of our pages where the provider would show its own. */
function show(ctx: KoaContextWithOIDC, page: PageModel): void {
  ctx.type = 'html';
  const uiLocales = ctx.oidc?.params?.ui_locales;
  ctx.body = currentScope().context.render(
    page,
    typeof uiLocales === 'string' ? uiLocales : undefined,
  );
}

function home(): string {
  return currentScope().context.issuer.basePath || '/';
}

function xsrf(ctx: KoaContextWithOIDC): string {
  return (ctx.oidc.session?.state as { secret?: string } | undefined)?.secret ?? '';
}

/** OpenID Connect RP-Initiated Logout 1.0 §2: the member is asked before anything ends. */
export async function logoutSource(ctx: KoaContextWithOIDC): Promise<void> {
  const { session, client } = ctx.oidc;
  const member =
    session?.accountId === undefined ? undefined : await currentUnit().member(session.accountId);
  currentScope().context.allowFormsToLeave();
  show(ctx, {
    page: 'logout',
    action: ctx.oidc.urlFor('end_session_confirm'),
    xsrf: xsrf(ctx),
    service: client && { name: client.clientName ?? client.clientId },
    member: member && { displayName: member.displayName },
  });
}

export function postLogoutSuccessSource(ctx: KoaContextWithOIDC): void {
  const { client } = ctx.oidc;
  show(ctx, {
    page: 'logged-out',
    service: client && { name: client.clientName ?? client.clientId },
    homeUrl: home(),
  });
}

export function userCodeInputSource(
  ctx: KoaContextWithOIDC,
  _form: string,
  _out?: unknown,
  error?: Error,
): void {
  show(ctx, {
    page: 'device-code',
    action: ctx.oidc.urlFor('code_verification'),
    xsrf: xsrf(ctx),
    fault: error && deviceFault(error),
  });
}

function deviceFault(error: Error): 'missing' | 'expired' | 'aborted' | 'unknown' {
  if (error.name === 'NoCodeError') return 'missing';
  if (error.name === 'ExpiredError') return 'expired';
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
    kind: errorKind(out, error),
    detail: [out.error, out.error_description].filter(Boolean).join(': '),
    homeUrl: home(),
  });
}

function errorKind(
  out: ErrorOut,
  error: Error,
): 'unknown-client' | 'redirect-mismatch' | 'expired' | 'oidc' | 'unavailable' | 'internal' {
  if (out.error === 'temporarily_unavailable') return 'unavailable';
  if (error.name === 'InvalidClient') return 'unknown-client';
  if (error.name === 'InvalidRedirectUri') return 'redirect-mismatch';
  if (error.name === 'SessionNotFound') return 'expired';
  return out.error === 'server_error' ? 'internal' : 'oidc';
}
