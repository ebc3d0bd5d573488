import type { Context } from 'koa';
import { waitForPace } from '../../platform/web/pace-refusal.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { findRoute, runRoute } from '../../platform/web/run-route.ts';
import { UsedUpError } from '../../protocols/oidc/changes.ts';
import type { CommunityRequest } from './community-request.ts';
import { type CommunityKind, type CommunityRoute, requestCounter } from './community-route.ts';
import { leadAfterOther } from './done-steps.ts';
import { type CommunityPlace, openCommunityRequest } from './open-community-request.ts';
import { serveDocument, serveProvider } from './serve-provider.ts';
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
  if (isOfProvider(path) && table.find(path) === undefined) {
    if (await serveDocument(parts.providers, ctx, place, path)) return;
    await serveProvider(openCommunityRequest(parts, ctx, place, path));
    return;
  }
  const request = openCommunityRequest(parts, ctx, place, path);
  const found = findRoute(table, ctx, path);
  const count = requestCounter(parts, request);
  const prepare = ({ hashes }: CommunityRoute, who?: unknown) => {
    if (hashes) request.enterPasswords(isSignedIn(who) ? who.member : undefined);
  };
  await request.run(async () => {
    if (place.community.state === 'active' || found.route.isAlwaysOpen === true)
      await runRoute(found, { parts, request, count, prepare });
    else showClosed(request);
    await store(parts, request);
  });
  await waitForPace(ctx, parts.pace, started);
}

/** Of the same form sent twice at once, one is stored, and both are answered alike. @throws UsedUpError */
async function store(parts: WebParts, request: CommunityRequest): Promise<void> {
  try {
    await request.unit.flush();
  } catch (error) {
    if (!(error instanceof UsedUpError) || !(await leadAfterOther(parts, request))) throw error;
  }
}

function isOfProvider(path: string): boolean {
  return path.startsWith('/oidc/') || path.startsWith('/.well-known/');
}

function showClosed(request: CommunityRequest): void {
  const state = request.community.state as 'frozen';
  request.page({ page: 'community-closed', state }, { status: 503 });
}
