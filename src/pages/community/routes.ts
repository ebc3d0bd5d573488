import type { CommunityRoute } from '../routing/community-route.ts';
import { ADMIN_BRANDING_ROUTES } from './branding-routes.ts';
import { ADMIN_INVITATIONS_ROUTES } from './invitations-routes.ts';
import { ADMIN_JOURNAL_ROUTES } from './journal-routes.ts';
import { ADMIN_MEMBER_CHANGES } from './member-changes-routes.ts';
import { ADMIN_MEMBER_ROUTES } from './member-routes.ts';
import { ADMIN_MEMBERS_ROUTES } from './members-routes.ts';
import { ADMIN_OVERVIEW_ROUTES } from './overview-routes.ts';
import { ADMIN_REQUESTS_ROUTES } from './requests-routes.ts';
import { ADMIN_SETTINGS_ROUTES } from './settings-routes.ts';

/** The community's own pages for those who look after it. */
export const ADMIN_ROUTES: CommunityRoute[] = [
  ...ADMIN_OVERVIEW_ROUTES,
  ...ADMIN_MEMBERS_ROUTES,
  ...ADMIN_MEMBER_ROUTES,
  ...ADMIN_MEMBER_CHANGES,
  ...ADMIN_REQUESTS_ROUTES,
  ...ADMIN_INVITATIONS_ROUTES,
  ...ADMIN_JOURNAL_ROUTES,
  ...ADMIN_SETTINGS_ROUTES,
  ...ADMIN_BRANDING_ROUTES,
];
