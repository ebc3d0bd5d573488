import { ADMIN_ROUTES } from './pages/community/routes.ts';
import { pageFrame } from './pages/page-frame.ts';
import { ASSISTED_RECOVERY_ROUTES } from './pages/recovery/assisted-routes.ts';
import { RECOVERY_ROUTES } from './pages/recovery/routes.ts';
import type { CommunityRoute } from './pages/routing/community-route.ts';
import type { Site } from './pages/routing/web-app.ts';
import { createRouteTable } from './platform/web/route-table.ts';

/** Every page of a community, by feature; the order says nothing. */
const COMMUNITY_ROUTES: CommunityRoute[] = [
  ...ADMIN_ROUTES,
  ...ASSISTED_RECOVERY_ROUTES,
  ...RECOVERY_ROUTES,
];

/** What the web server serves. */
export const SITE: Site = {
  community: createRouteTable(COMMUNITY_ROUTES),
  frameOf: pageFrame,
};
