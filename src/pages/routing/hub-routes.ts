import type { Context } from 'koa';
import { readForm } from '../../platform/web/form-body.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import type { PageModel } from '../../platform/web/pages.ts';
import { showJoinAtHub } from '../joining/start-join.ts';
import { operatorRoutes } from '../operator/routes.ts';
import { sendHubOrigins } from '../sign-in/related-origins.ts';
import { keepLocale, localeOf } from './chrome.ts';
import type { WebParts } from './web-parts.ts';

/** A request to the hub itself, beside the communities: its front door, set-up and the operators' console. */
export type HubRequest = {
  ctx: Context;
  page(model: PageModel, status?: number): void;
  csrf(): string;
  form(): Promise<Record<string, string>>;
  redirect(path: string): void;
};

export async function hubRoutes(parts: WebParts, ctx: Context): Promise<void> {
  const request = openHubRequest(parts, ctx);
  if (ctx.path === '/' && ctx.method === 'GET') {
    const rows = await parts.database.query<{ slug: string; name: string }>(
      `SELECT slug, name FROM communities WHERE state = 'active' ORDER BY name LIMIT 200`,
    );
    request.page({
      page: 'hub-home',
      communities: rows.map(({ slug, name }) => ({ name, url: `/c/${slug}` })),
    });
    return;
  }
  if (ctx.path === '/.well-known/webauthn' && ctx.method === 'GET') {
    await sendHubOrigins(parts, ctx);
    return;
  }
  const join = /^\/join\/([a-z0-9-]{1,63})\/([\w-]{43})$/.exec(ctx.path);
  if (join !== null && ctx.method === 'GET') {
    await showJoinAtHub(parts, request, join[1] as string, join[2] as string);
    return;
  }
  if (ctx.path === '/language' && ctx.method === 'POST') {
    const fields = await request.form();
    keepLocale(ctx, fields.locale === 'en' ? 'en' : 'fr', '/');
    request.redirect(
      /^\/((setup|operator)(\/login|\/mails(\/\d+)?)?(\?token=[\w-]+)?|join\/[a-z0-9-]+\/[\w-]+)$/.test(
        fields.return_to ?? '',
      )
        ? (fields.return_to as string)
        : '/',
    );
    return;
  }
  if (await operatorRoutes(parts, request)) return;
  throw notFound(ctx.path);
}

function openHubRequest(parts: WebParts, ctx: Context): HubRequest {
  const csrf = () => parts.csrf.token(ctx, '/');
  return {
    ctx,
    csrf,
    page(model, status = 200) {
      const locale = localeOf(ctx, 'fr');
      ctx.set('Content-Language', locale);
      ctx.status = status;
      ctx.type = 'html';
      ctx.body = parts.renderer.render(model, {
        locale,
        assetBase: '/assets',
        languageForm: { action: '/language', returnTo: returnTo(ctx, model), csrf: csrf() },
      });
    },
    async form() {
      const fields = await readForm(ctx.req);
      parts.csrf.check(ctx, parts.config.url.origin, fields);
      return fields;
    },
    redirect(path) {
      ctx.status = 303;
      ctx.redirect(path);
    },
  };
}

/** Where a change of language leads back to: the set-up page keeps the token that opens it. */
function returnTo(ctx: Context, model: PageModel): string {
  return model.page === 'setup' ? `/setup?token=${encodeURIComponent(model.token)}` : ctx.path;
}
