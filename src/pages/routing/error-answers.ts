import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { ExpiredError, NotFoundError } from '../../domain/errors.ts';
import { isDatabaseAway } from '../../platform/database/availability.ts';
import { CsrfError } from '../../platform/web/csrf.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { PageModel } from '../../platform/web/pages.ts';
import { setSecurityHeaders } from '../../platform/web/security-headers.ts';
import { UsedUpError } from '../../protocols/oidc/changes.ts';
import { StaleInteractionError } from '../sign-in/stale-interaction.ts';
import { localeOf } from './chrome.ts';
import type { WebParts } from './web-parts.ts';

type ErrorPage = Extract<PageModel, { page: 'error' }>;

/** Turns whatever was thrown into an answer of the right kind: a page for people, problem+json for programs. */
export async function answerError(parts: WebParts, ctx: Context, error: unknown): Promise<void> {
  const reference = randomUUID().slice(0, 8);
  const { status, kind } = meaningOf(error);
  const level = status >= 500 ? 'error' : 'info';
  parts.log[level](
    {
      ...(status >= 500 ? { err: error } : { reason: (error as Error).message }),
      reference,
      method: ctx.method,
      path: ctx.path,
      status,
    },
    'request failed',
  );
  if (ctx.res.headersSent) {
    ctx.respond = false;
    ctx.res.destroy();
    return;
  }
  ctx.respond = true;
  for (const name of ['Location', 'Set-Cookie', 'Content-Type', 'Content-Length']) ctx.remove(name);
  setSecurityHeaders(ctx, parts.config.url.protocol === 'https:');
  ctx.status = status;
  // What is left of the body would be taken for the next request.
  if (!ctx.req.complete) ctx.set('Connection', 'close');
  if (status === 503) ctx.set('Retry-After', '5');
  if (!wantsPage(ctx)) {
    if (status === 503 && /(^|\/)oidc\//.test(ctx.path)) {
      // RFC 6749 §5.2 has a form of its own, and apps read no other.
      ctx.body = { error: 'temporarily_unavailable' };
      return;
    }
    ctx.type = 'application/problem+json';
    ctx.body = JSON.stringify({
      type: 'about:blank',
      title: kind,
      status,
      instance: `urn:reference:${reference}`,
    });
    return;
  }
  const locale = localeOf(ctx, 'fr');
  const base = (ctx.state.base as string | undefined) ?? '/';
  ctx.state.csrf = undefined;
  const csrf = parts.csrf.token(ctx, base);
  ctx.type = 'html';
  ctx.body = parts.renderer.render(
    { page: 'error', status, kind, reference, homeUrl: base },
    {
      locale,
      assetBase: '/assets',
      languageForm: { action: `${base === '/' ? '' : base}/language`, returnTo: base, csrf },
    },
  );
}

function meaningOf(error: unknown): { status: number; kind: ErrorPage['kind'] } {
  if (error instanceof RequestError) return { status: error.status, kind: error.kind };
  if (error instanceof CsrfError) return { status: 403, kind: 'csrf' };
  if (error instanceof NotFoundError) return { status: 404, kind: 'not-found' };
  if (
    error instanceof ExpiredError ||
    error instanceof UsedUpError ||
    error instanceof StaleInteractionError
  )
    return { status: 400, kind: 'expired' };
  if (isDatabaseAway(error)) return { status: 503, kind: 'unavailable' };
  const status = (error as { status?: number }).status;
  if (status !== undefined && status >= 400 && status < 500) return { status, kind: 'bad-request' };
  return { status: 500, kind: 'internal' };
}

function wantsPage(ctx: Context): boolean {
  return !ctx.path.startsWith('/api/') && ctx.get('accept').includes('text/html');
}
