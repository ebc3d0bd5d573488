import { ADMIN_ROUTES } from './pages/community/routes.ts';
import { JOINING_ROUTES } from './pages/joining/routes.ts';
import { pageFrame } from './pages/page-frame.ts';
import { CHALLENGE_ROUTES } from './pages/public/challenge-routes.ts';
import { PICTURE_ROUTES } from './pages/public/picture-routes.ts';
import { ASSISTED_RECOVERY_ROUTES } from './pages/recovery/assisted-routes.ts';
import { RECOVERY_ROUTES } from './pages/recovery/routes.ts';
import { INVITATION_ROUTES } from './pages/registration/invitation-routes.ts';
import { REGISTRATION_ROUTES } from './pages/registration/routes.ts';
import type { CommunityRoute } from './pages/routing/community-route.ts';
import type { Site } from './pages/routing/web-app.ts';
import { createRouteTable } from './platform/web/route-table.ts';

/** Every page of a community, by feature; the order says nothing. */
const COMMUNITY_ROUTES: CommunityRoute[] = [
  ...ADMIN_ROUTES,
  ...ASSISTED_RECOVERY_ROUTES,
  ...RECOVERY_ROUTES,
  ...REGISTRATION_ROUTES,
  ...INVITATION_ROUTES,
  ...JOINING_ROUTES,
  ...CHALLENGE_ROUTES,
  ...PICTURE_ROUTES,
];

/** What the web server serves. */
export const SITE: Site = {
  community: createRouteTable(COMMUNITY_ROUTES),
  frameOf: pageFrame,
};
