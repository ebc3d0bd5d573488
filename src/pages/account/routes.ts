import type { CommunityRoute } from '../routing/community-route.ts';
import { ACTIVITY_ROUTES } from './activity-routes.ts';
import { APP_PASSWORD_ROUTES } from './app-password-routes.ts';
import { EXPORT_ROUTES } from './export-routes.ts';
import { ACCOUNT_GROUP_ROUTES } from './group-routes.ts';
import { LANGUAGE_ROUTES } from './language-routes.ts';
import { OVERVIEW_ROUTES } from './overview-routes.ts';
import { PASSWORD_ROUTES } from './password-routes.ts';
import { PROFILE_ROUTES } from './profile-routes.ts';
import { ACCOUNT_SERVICE_ROUTES } from './service-routes.ts';
import { SESSION_ROUTES } from './session-routes.ts';

/** A member's own pages; those of passkeys, second factors, passwords and addresses are with their nouns. */
export const ACCOUNT_ROUTES: CommunityRoute[] = [
  ...OVERVIEW_ROUTES,
  ...PROFILE_ROUTES,
  ...LANGUAGE_ROUTES,
  ...PASSWORD_ROUTES,
  ...EXPORT_ROUTES,
  ...APP_PASSWORD_ROUTES,
  ...SESSION_ROUTES,
  ...ACCOUNT_SERVICE_ROUTES,
  ...ACCOUNT_GROUP_ROUTES,
  ...ACTIVITY_ROUTES,
];
