import type { Context } from 'koa';
import type { PasswordWork } from '../../domain/people/passwords.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { networkOf } from '../../platform/throttles/network.ts';
import { browserKeyOf } from '../../platform/web/csrf.ts';
import type { EdgeView } from '../../platform/web/edge.ts';
import type { PageModel } from '../../platform/web/pages.ts';
import { keepsAddress } from '../../platform/web/request-log.ts';
import { type Route, routeMaker } from '../../platform/web/route.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { localeOf } from './chrome.ts';
import { passwordPlace } from './password-work.ts';
import type { WebParts } from './web-parts.ts';

/** A request to the hub itself, beside the communities: its front door, set-up and the operators' console. */
export type HubRequest = {
  ctx: Context;
  /** Where the hub's forms come from. */
  origin: string;
  owners(): { tenant: string; person: string };
  ip: string;
  /** What stands behind the forms of this browser. */
  browserKey(): string | undefined;
  locale: Locale;
  /**
   * Answers with a page; `returnTo` is where a change of language leads back to, if not here. What an operator
   * who is signed in sees has the console around it.
   */
  page(
    model: PageModel,
    options?: { status?: number; returnTo?: string; operator?: { email: string } },
  ): void;
  csrf(): string;
  /** As a community's request has it. */
  passwords(): PasswordWork;
  enterPasswords(): void;
  redirect(path: string): void;
  /** Whether GET shows a page at this path. */
  isPage(path: string): boolean;
};

export type HubKind = {
  parts: WebParts;
  request: HubRequest;
  limit: never;
  extra: { hashes?: true };
};
export type HubRoute = Route<HubKind>;

export const hubRoute = routeMaker<HubKind>();

export function openHubRequest(
  parts: WebParts,
  table: RouteTable<HubKind>,
  ctx: Context,
): HubRequest {
  const csrf = () => parts.csrf.token(ctx, '/');
  const place = passwordPlace(parts, ctx);
  const locale = localeOf(ctx, 'fr');
  const { ip } = ctx.state.edge as EdgeView;
  return {
    ctx,
    origin: parts.config.url.origin,
    owners: () => ({ tenant: '', person: networkOf(ip) }),
    ip,
    browserKey: () => browserKeyOf(ctx),
    csrf,
    locale,
    page(model, { status = 200, returnTo = hereOf(ctx), operator } = {}) {
      ctx.set('Content-Language', locale);
      ctx.status = status;
      ctx.type = 'html';
      ctx.body = parts.renderer.render(model, {
        locale,
        assetBase: '/assets',
        keepsAddress: keepsAddress(ctx),
        languageForm: { action: '/language', returnTo, csrf: csrf() },
        operator: operator && {
          email: operator.email,
          signOut: { action: '/operator/logout', csrf: csrf() },
        },
      });
    },
    enterPasswords: () => place.enter({ communityId: undefined, network: networkOf(ip) }),
    passwords: place.work,
    redirect(path) {
      ctx.status = 303;
      ctx.redirect(path);
    },
    isPage: (path) => table.find(path)?.resource.routes.has('GET') === true,
  };
}

function hereOf({ method, path, search }: Context): string {
  return method === 'GET' ? path + search : path;
}
