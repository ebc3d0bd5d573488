import type { Context } from 'koa';
import type { EdgeView } from '../../platform/web/edge.ts';
import { minutesToWait, RequestError } from '../../platform/web/http-errors.ts';
import type { Chrome, ErrorPage } from '../../platform/web/pages.ts';
import { communityChrome, localeOf } from './chrome.ts';
import type { CommunityPlace } from './open-community-request.ts';
import type { WebParts } from './web-parts.ts';

export type ErrorParts = Pick<WebParts, 'config' | 'csrf' | 'log' | 'renderer'> & {
  /** Whether GET shows a page at this path below the place, and one whose address is no secret. */
  isPage(ctx: Context, path: string): boolean;
};

/** The community that was found on the way, or that was there when it could be asked last. */
export function placeOf({ state }: Context): CommunityPlace | undefined {
  return state.place as CommunityPlace | undefined;
}

/** Renders what is told of an error with the face of the community at hand, else with the hub's. */
export function renderError(
  parts: ErrorParts,
  ctx: Context,
  told: Pick<ErrorPage, 'status' | 'kind' | 'code' | 'reference'>,
  error: unknown,
): string {
  const chrome = chromeOf(parts, ctx);
  ctx.set('Content-Language', chrome.locale);
  const homeUrl = homeOf(parts, ctx);
  const wayOn = wayOnFrom(parts, ctx, told, error);
  const retryAfterMinutes = told.status === 429 ? minutesToWait(ctx) : undefined;
  return parts.renderer.render(
    { page: 'error', ...told, homeUrl, wayOn, retryAfterMinutes },
    chrome,
  );
}

function homeOf({ config }: ErrorParts, ctx: Context): string {
  const place = placeOf(ctx);
  if (place !== undefined) return place.basePath || '/';
  const { edge } = ctx.state as { edge?: EdgeView };
  const home = /^\/operator(\/|$)/.test(ctx.path) ? '/operator' : '/';
  // A host that is none of ours has no pages.
  return edge === undefined || edge.host === config.url.host ? home : config.url.origin + home;
}

function chromeOf(parts: ErrorParts, ctx: Context): Chrome {
  const place = placeOf(ctx);
  const base = place?.basePath || '/';
  ctx.state.csrf = undefined;
  const csrf = parts.csrf.token(ctx, base);
  const locale = localeOf(ctx, place?.community.locale ?? 'fr');
  return {
    ...(place === undefined
      ? { locale, assetBase: '/assets' }
      : communityChrome({ ctx, community: place.community, issuer: place, locale, csrf })),
    // What fits no route may be a link that was mistyped.
    keepsAddress: true,
    languageForm: { action: `${place?.basePath ?? ''}/language`, returnTo: base, csrf },
  };
}

/** What often helps: to ask once more, to go back to the form, or to begin again where the error says. */
function wayOnFrom(
  parts: ErrorParts,
  ctx: Context,
  { status, kind }: Pick<ErrorPage, 'status' | 'kind'>,
  error: unknown,
): ErrorPage['wayOn'] {
  const place = placeOf(ctx);
  if (error instanceof RequestError && error.wayOn !== undefined)
    return { url: (place?.basePath ?? '') + error.wayOn, kind: 'again' };
  if (ctx.method !== 'POST') {
    // The page at hand by no name: its address may be a secret.
    return status >= 500 || status === 429 ? { url: '', kind: 'retry' } : undefined;
  }
  // What has expired has done so on that page, too.
  if (kind === 'expired' || kind === 'not-found') return undefined;
  const site = place?.url ?? parts.config.url.origin;
  const referrer = ctx.get('referer');
  const path = referrer.startsWith(`${site}/`) ? referrer.slice(site.length) : '/';
  if (path === '/' || !parts.isPage(ctx, path.split(/[?#]/)[0] as string)) return undefined;
  return { url: (place?.basePath ?? '') + path, kind: 'form' };
}
