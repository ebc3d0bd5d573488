import type { Context } from 'koa';
import type { Community } from '../../domain/communities/community.ts';
import { loadLogo } from '../../domain/communities/community-store.ts';
import { notFound, RequestError } from '../../platform/web/http-errors.ts';
import { waitForStep } from '../../platform/web/quantize-response-time.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { findRoute, runRoute } from '../../platform/web/run-route.ts';
import { themeCss } from '../../platform/web/theme.ts';
import { EMAIL_ACCOUNT_ROUTES } from '../account/address-routes.ts';
import { LEAVING_ROUTES } from '../account/leaving-routes.ts';
import { PASSKEY_ACCOUNT_ROUTES } from '../account/passkey-routes.ts';
import { ACCOUNT_ROUTES } from '../account/routes.ts';
import { TWO_FACTOR_ROUTES } from '../account/second-factor-routes.ts';
import { VERIFY_ROUTES } from '../account/verify-routes.ts';
import { showHome, submitHomeRequest, submitSignOutEverywhere } from '../home/routes.ts';
import { returnToApp, showAccessDenied, submitAccessRequest } from '../sign-in/access-routes.ts';
import { showConsent, submitConsent } from '../sign-in/consent-routes.ts';
import { HAND_OFF_ROUTES } from '../sign-in/cross-host-passkey.ts';
import { loadInteraction } from '../sign-in/load-interaction.ts';
import { PASSKEY_FACTOR_ROUTES } from '../sign-in/passkey-factor.ts';
import { PASSKEY_SIGN_IN_ROUTES } from '../sign-in/passkey-routes.ts';
import { sendCommunityOrigins } from '../sign-in/related-origins.ts';
import { showAppLogin, showLogin, submitAppLogin, submitLogin } from '../sign-in/routes.ts';
import { SECOND_FACTOR_ROUTES } from '../sign-in/second-factor-routes.ts';
import { SET_UP_ROUTES } from '../sign-in/set-up-routes.ts';
import { keepLocale } from './chrome.ts';
import type { CommunityRequest } from './community-request.ts';
import { type CommunityKind, requestCounter } from './community-route.ts';
import type { CommunityRoutes } from './community-route-table.ts';
import { openCommunityRequest } from './open-community-request.ts';
import { serveProvider } from './serve-provider.ts';
import type { WebParts } from './web-parts.ts';

export type CommunityRoute = { community: Community; url: string; basePath: string };

/** Pages of a community, by method and path below its issuer. The first that fits is taken. */
export const COMMUNITY_PAGES: CommunityRoutes = [
  ['GET', /^\/?$/, showHome],
  [
    'POST',
    /^\/services\/([a-z0-9-]+)\/request$/,
    (parts, request, [slug]) => submitHomeRequest(parts, request, slug as string),
  ],
  ['POST', /^\/sign-out-everywhere$/, (parts, request) => submitSignOutEverywhere(parts, request)],
  ...LEAVING_ROUTES,
  ...EMAIL_ACCOUNT_ROUTES,
  ...VERIFY_ROUTES,
  ...ACCOUNT_ROUTES,
  ...PASSKEY_ACCOUNT_ROUTES,
  ...PASSKEY_SIGN_IN_ROUTES,
  ...PASSKEY_FACTOR_ROUTES,
  ...HAND_OFF_ROUTES,
  ...SECOND_FACTOR_ROUTES,
  ...SET_UP_ROUTES,
  ...TWO_FACTOR_ROUTES,
  ['GET', /^\/login$/, (_parts, request) => showLogin(request)],
  ['POST', /^\/login$/, submitLogin],
  [
    'GET',
    /^\/login\/([\w-]+)$/,
    async (_parts, request, [uid]) =>
      showAppLogin(request, await loadInteraction(request, 'login', uid)),
  ],
  [
    'POST',
    /^\/login\/([\w-]+)$/,
    async (parts, request, [uid]) =>
      submitAppLogin(parts, request, await loadInteraction(request, 'login', uid)),
  ],
  [
    'GET',
    /^\/consent\/([\w-]+)$/,
    async (_parts, request, [uid]) =>
      showConsent(request, await loadInteraction(request, 'consent', uid)),
  ],
  [
    'POST',
    /^\/consent\/([\w-]+)$/,
    async (_parts, request, [uid]) =>
      submitConsent(request, await loadInteraction(request, 'consent', uid)),
  ],
  [
    'GET',
    /^\/access\/([\w-]+)$/,
    async (parts, request, [uid]) =>
      showAccessDenied(parts.database, request, await loadInteraction(request, 'access', uid)),
  ],
  [
    'POST',
    /^\/access\/([\w-]+)\/request$/,
    async (parts, request, [uid]) =>
      submitAccessRequest(parts, request, await loadInteraction(request, 'access', uid)),
  ],
  [
    'POST',
    /^\/access\/([\w-]+)\/return$/,
    async (_parts, request, [uid]) => {
      await loadInteraction(request, 'access', uid);
      await returnToApp(request);
    },
  ],
  ['POST', /^\/language$/, (_parts, request) => submitLanguage(request)],
  ['GET', /^\/logo$/, sendLogo],
  ['GET', /^\/theme\.css$/, sendTheme],
];

/** Serves one request to a community: its protocol endpoints, else its pages. */
export async function communityRoutes(
  parts: WebParts,
  table: RouteTable<CommunityKind>,
  ctx: Context,
  route: CommunityRoute,
): Promise<void> {
  const started = performance.now();
  const path = ctx.path.slice(route.basePath.length);
  const request = openCommunityRequest(parts, ctx, route, path);
  if (ctx.path === '/.well-known/webauthn' && ctx.method === 'GET') {
    sendCommunityOrigins(parts.config, ctx, route.community);
    return;
  }
  if (path.startsWith('/oidc/') || path.startsWith('/.well-known/')) {
    await serveProvider(request);
    return;
  }
  const count = requestCounter(parts, request);
  await request.run(async () => {
    if (table.find(path) === undefined) await old(parts, request, route, path);
    else {
      const found = findRoute(table, ctx, path);
      if (route.community.state === 'active' || found.route.isAlwaysOpen === true)
        await runRoute(found, { parts, request, count });
      else showClosed(request);
    }
    await request.unit.flush();
  });
  await waitForStep(ctx, started);
}

function showClosed(request: CommunityRequest): void {
  const state = request.community.state as 'frozen';
  request.page({ page: 'community-closed', state }, { status: 503 });
}

async function old(
  parts: WebParts,
  request: CommunityRequest,
  route: CommunityRoute,
  path: string,
) {
  const { ctx } = request;
  const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
  const here = COMMUNITY_PAGES.filter(([, pattern]) => pattern.test(path));
  const found = here.find(([wanted]) => wanted === method);
  if (found === undefined) {
    if (here.length === 0) throw notFound(path);
    ctx.set('Allow', here.map(([wanted]) => wanted).join(', '));
    throw new RequestError(405, 'bad-request', `${ctx.method} is not for this address`);
  }
  const [, pattern, handler] = found;
  if (route.community.state !== 'active' && !/^\/(logo|theme\.css|language)$/.test(path)) {
    showClosed(request);
    return;
  }
  await handler(parts, request, (pattern.exec(path) ?? []).slice(1));
}

async function submitLanguage(request: CommunityRequest): Promise<void> {
  const fields = await request.form();
  const locale = fields.locale === 'en' ? 'en' : 'fr';
  keepLocale(request.ctx, locale, request.issuer.basePath || '/');
  const back = fields.return_to ?? '';
  const own = `${request.issuer.basePath}/`;
  // Only paths of this community: an address elsewhere would make us an open redirector.
  const safe =
    (back === request.issuer.basePath || back.startsWith(own)) && !/^\/[/\\]|[\s\\]/.test(back);
  request.redirect(safe ? back.slice(request.issuer.basePath.length) || '/' : '/');
}

async function sendLogo(parts: WebParts, request: CommunityRequest): Promise<void> {
  const logo = await loadLogo(parts.database, request.community.id);
  if (logo === undefined) throw notFound('logo');
  const { ctx } = request;
  // Opened by itself, an SVG is a document: it gets no rights at all.
  ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
  ctx.type = logo.mediaType;
  ctx.body = logo.bytes;
}

async function sendTheme(_parts: WebParts, request: CommunityRequest): Promise<void> {
  const { ctx, community } = request;
  ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
  ctx.type = 'css';
  ctx.body = themeCss(community.accent ?? '');
}
