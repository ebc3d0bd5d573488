import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { type FieldNames, problemOf } from '../../api/routing/problem.ts';
import { DomainError } from '../../domain/errors.ts';
import { isDatabaseAway } from '../../platform/database/availability.ts';
import { BusyError } from '../../platform/errors/busy-error.ts';
import { TooManyError } from '../../platform/errors/too-many-error.ts';
import { answerEarly } from '../../platform/web/answer-early.ts';
import { CsrfError } from '../../platform/web/csrf.ts';
import { ClientGoneError, RequestError } from '../../platform/web/http-errors.ts';
import { aboutOf } from '../../platform/web/request-log.ts';
import { setSecurityHeaders } from '../../platform/web/security-headers.ts';
import { UsedUpError } from '../../protocols/oidc/changes.ts';
import { type Meaning, meaningOfDomain } from './domain-errors.ts';
import { type ErrorParts, renderError } from './error-page.ts';

/** Turns whatever was thrown into an answer of the right kind: a page for people, problem+json for programs. */
export async function answerError(parts: ErrorParts, ctx: Context, error: unknown): Promise<void> {
  if (error instanceof ClientGoneError) {
    parts.log.debug({ ...aboutOf(ctx), reason: error.message }, 'the visitor went away');
    ctx.respond = false;
    ctx.res.destroy();
    return;
  }
  const reference = randomUUID().slice(0, 8);
  const { status, kind, code, reason } = meaningOf(error);
  const isFault = status >= 500 && kind !== 'refused';
  // Too many at once are many lines: the connections' own line says how many.
  const level = error instanceof BusyError ? 'debug' : isFault ? 'error' : 'info';
  parts.log[level](
    {
      ...(level === 'error' ? { err: error } : { reason }),
      reference,
      ...aboutOf(ctx),
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
  if (error instanceof BusyError || error instanceof TooManyError)
    ctx.set('Retry-After', String(error.retryAfterSeconds));
  else if (status === 503) ctx.set('Retry-After', '5');
  if (isOfApi(ctx.path)) {
    ctx.type = 'application/problem+json';
    const names = ctx.state.fieldNames as FieldNames | undefined;
    send(ctx, JSON.stringify(problemOf(error, { status, kind, reference }, names)));
    return;
  }
  if (!wantsPage(ctx)) {
    if (status === 503 && /(^|\/)oidc\//.test(ctx.path)) {
      // RFC 6749 §5.2 has a form of its own, and apps read no other.
      ctx.type = 'json';
      send(ctx, JSON.stringify({ error: 'temporarily_unavailable' }));
      return;
    }
    ctx.type = 'application/problem+json';
    const problem = { type: 'about:blank', title: kind, code, status };
    send(ctx, JSON.stringify({ ...problem, instance: `urn:reference:${reference}` }));
    return;
  }
  ctx.type = 'html';
  send(ctx, renderError(parts, ctx, { status, kind, code, reference }, error));
}

function send(ctx: Context, body: string): void {
  if (ctx.req.complete || ctx.method === 'HEAD') ctx.body = body;
  else answerEarly(ctx, body);
}

function meaningOf(error: unknown): Meaning {
  const { name, message: reason, status } = error as Error & { status?: number };
  if (error instanceof RequestError) return { status: error.status, kind: error.kind, reason };
  if (error instanceof TooManyError) return { status: 429, kind: 'too-many', reason };
  if (error instanceof CsrfError) return { status: 403, kind: 'csrf', reason };
  if (error instanceof DomainError) return meaningOfDomain(error);
  if (error instanceof UsedUpError) return { status: 400, kind: 'expired', reason };
  if (error instanceof BusyError || isDatabaseAway(error))
    return { status: 503, kind: 'unavailable', reason };
  // A library's own words may repeat what it could not read.
  if (status !== undefined && status >= 400 && status < 500)
    return { status, kind: 'bad-request', reason: name };
  return { status: 500, kind: 'internal', reason };
}

/** Whether a path is of the API, whose every answer is for programs; `/api` itself is a page. */
export function isOfApi(path: string): boolean {
  return path.startsWith('/api/');
}

function wantsPage(ctx: Context): boolean {
  return ctx.get('accept').includes('text/html');
}
