import { COMMUNITIES_ROUTES } from './communities/routes.ts';
import { COMMUNITY_ROUTES } from './community/routes.ts';
import { GROUP_MEMBER_ROUTES } from './groups/member-routes.ts';
import { GROUP_ROUTES } from './groups/routes.ts';
import { INVITATION_ROUTES } from './invitations/routes.ts';
import { JOURNAL_ROUTES } from './journal/routes.ts';
import { MEMBER_ROUTES } from './members/routes.ts';
import { OPENAPI_ROUTE } from './openapi/routes.ts';
import { REQUEST_ROUTES } from './requests/routes.ts';
import type { ApiRoute } from './routing/api-route.ts';
import { READER_ROUTES } from './services/reader-routes.ts';
import { SERVICE_ROUTES } from './services/routes.ts';

/** Every route of the API; paths stand below `/api`, and the order says nothing. */
export const API_ROUTES: ApiRoute[] = [
  OPENAPI_ROUTE,
  ...COMMUNITY_ROUTES,
  ...MEMBER_ROUTES,
  ...GROUP_ROUTES,
  ...GROUP_MEMBER_ROUTES,
  ...SERVICE_ROUTES,
  ...READER_ROUTES,
  ...INVITATION_ROUTES,
  ...REQUEST_ROUTES,
  ...JOURNAL_ROUTES,
  ...COMMUNITIES_ROUTES,
];
