import { API_ROUTES } from './api/routes.ts';
import { EMAIL_ACCOUNT_ROUTES } from './pages/account/address-routes.ts';
import { LEAVING_ROUTES } from './pages/account/leaving-routes.ts';
import { PASSKEY_ACCOUNT_ROUTES } from './pages/account/passkey-routes.ts';
import { ACCOUNT_ROUTES } from './pages/account/routes.ts';
import { TWO_FACTOR_ROUTES } from './pages/account/second-factor-routes.ts';
import { VERIFY_ROUTES } from './pages/account/verify-routes.ts';
import { ADMIN_ROUTES } from './pages/community/routes.ts';
import { HOME_ROUTES, HUB_HOME } from './pages/home/routes.ts';
import { OPERATOR_ROUTES } from './pages/operator/routes.ts';
import { pageFrame } from './pages/page-frame.ts';
import { API_PAGE } from './pages/public/api-page.ts';
import { BRANDING_ROUTES } from './pages/public/branding-routes.ts';
import { CHALLENGE_ROUTES } from './pages/public/challenge-routes.ts';
import { COMMUNITY_LANGUAGE, HUB_LANGUAGE } from './pages/public/language-routes.ts';
import { PICTURE_ROUTES } from './pages/public/picture-routes.ts';
import {
  COMMUNITY_WELL_KNOWN,
  HOST_PROOF,
  HUB_WELL_KNOWN,
} from './pages/public/well-known-routes.ts';
import { ASSISTED_RECOVERY_ROUTES } from './pages/recovery/assisted-routes.ts';
import { RECOVERY_ROUTES } from './pages/recovery/routes.ts';
import { INVITATION_ROUTES } from './pages/registration/invitation-routes.ts';
import { JOINING_ROUTES } from './pages/registration/join-routes.ts';
import { REGISTRATION_ROUTES } from './pages/registration/routes.ts';
import { JOIN_AT_HUB } from './pages/registration/start-join.ts';
import type { CommunityRoute } from './pages/routing/community-route.ts';
import type { HubRoute } from './pages/routing/hub-request.ts';
import type { Site } from './pages/routing/web-app.ts';
import { ACCESS_ROUTES } from './pages/sign-in/access-routes.ts';
import { CONSENT_ROUTES } from './pages/sign-in/consent-routes.ts';
import { CROSS_HOST_PASSKEY_ROUTES } from './pages/sign-in/cross-host-passkey.ts';
import { PASSKEY_FACTOR_ROUTES } from './pages/sign-in/passkey-factor.ts';
import { PASSKEY_SIGN_IN_ROUTES } from './pages/sign-in/passkey-routes.ts';
import { COMMUNITY_ORIGINS, HUB_ORIGINS } from './pages/sign-in/related-origins.ts';
import { LOGIN_ROUTES } from './pages/sign-in/routes.ts';
import { SECOND_FACTOR_ROUTES } from './pages/sign-in/second-factor-routes.ts';
import { SET_UP_ROUTES } from './pages/sign-in/set-up-routes.ts';
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
  ...LEAVING_ROUTES,
  ...EMAIL_ACCOUNT_ROUTES,
  ...VERIFY_ROUTES,
  ...ACCOUNT_ROUTES,
  ...PASSKEY_ACCOUNT_ROUTES,
  ...TWO_FACTOR_ROUTES,
  ...PASSKEY_SIGN_IN_ROUTES,
  ...PASSKEY_FACTOR_ROUTES,
  ...CROSS_HOST_PASSKEY_ROUTES,
  ...SECOND_FACTOR_ROUTES,
  ...SET_UP_ROUTES,
  ...HOME_ROUTES,
  ...LOGIN_ROUTES,
  ...CONSENT_ROUTES,
  ...ACCESS_ROUTES,
  ...BRANDING_ROUTES,
  COMMUNITY_LANGUAGE,
  COMMUNITY_ORIGINS,
  ...COMMUNITY_WELL_KNOWN,
  HOST_PROOF,
];

/** The hub's own pages. */
const HUB_ROUTES: HubRoute[] = [
  HUB_HOME,
  HUB_LANGUAGE,
  API_PAGE,
  HUB_ORIGINS,
  ...HUB_WELL_KNOWN,
  JOIN_AT_HUB,
  ...OPERATOR_ROUTES,
];

/** What the web server serves. */
export const SITE: Site = {
  community: createRouteTable(COMMUNITY_ROUTES),
  hub: createRouteTable(HUB_ROUTES),
  api: createRouteTable(API_ROUTES),
  frameOf: pageFrame,
};
