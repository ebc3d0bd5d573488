import type { Context } from 'koa';
import { waitForPace } from '../../platform/web/pace-refusal.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { findRoute, runRoute } from '../../platform/web/run-route.ts';
import type { CommunityRequest } from './community-request.ts';
import { type CommunityKind, type CommunityRoute, requestCounter } from './community-route.ts';
import { type CommunityPlace, openCommunityRequest } from './open-community-request.ts';
import { serveProvider } from './serve-provider.ts';
import { isSignedIn } from './signed-in.ts';
import type { WebParts } from './web-parts.ts';

/** Serves one request to a community: its protocol endpoints, else its pages. */
export async function communityRoutes(
  parts: WebParts,
  table: RouteTable<CommunityKind>,
  ctx: Context,
  place: CommunityPlace,
): Promise<void> {
  const started = performance.now();
  const path = ctx.path.slice(place.basePath.length);
  const request = openCommunityRequest(parts, ctx, place, path);
  if (isOfProvider(path) && table.find(path) === undefined) {
    await serveProvider(request);
    return;
  }
  const found = findRoute(table, ctx, path);
  const count = requestCounter(parts, request);
  const prepare = ({ hashes }: CommunityRoute, who?: unknown) => {
    if (hashes) request.enterPasswords(isSignedIn(who) ? who.member : undefined);
  };
  await request.run(async () => {
    if (place.community.state === 'active' || found.route.isAlwaysOpen === true)
      await runRoute(found, { parts, request, count, prepare });
    else showClosed(request);
    await request.unit.flush();
  });
  await waitForPace(ctx, parts.pace, started);
}

function isOfProvider(path: string): boolean {
  return path.startsWith('/oidc/') || path.startsWith('/.well-known/');
}

function showClosed(request: CommunityRequest): void {
  const state = request.community.state as 'frozen';
  request.page({ page: 'community-closed', state }, { status: 503 });
}
