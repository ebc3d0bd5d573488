import type { Context } from 'koa';
import { waitForPace } from '../../platform/web/pace-refusal.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { findRoute, runRoute } from '../../platform/web/run-route.ts';
import { type HubKind, openHubRequest } from './hub-request.ts';
import type { WebParts } from './web-parts.ts';

/** Serves one request to the hub itself. */
export async function hubRoutes(
  parts: WebParts,
  table: RouteTable<HubKind>,
  ctx: Context,
): Promise<void> {
  const started = performance.now();
  const request = openHubRequest(parts, table, ctx);
  const count = () => Promise.reject(new Error('nothing of the hub is counted'));
  await runRoute(findRoute(table, ctx, ctx.path), {
    parts,
    request,
    count,
    prepare: ({ hashes }) => {
      if (hashes) request.enterPasswords();
    },
  });
  await waitForPace(ctx, parts.pace, started);
}
