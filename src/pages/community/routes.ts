import { countOpenInvitations } from '../../domain/invitations/invitation-store.ts';
import { countMembers, type Status } from '../../domain/memberships/membership-store.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminFrame } from './admin-frame.ts';
import { ADMIN_INVITATIONS_ROUTES } from './invitations-routes.ts';
import { ADMIN_REQUESTS_ROUTES } from './requests-routes.ts';
import { requireAdmin } from './require-admin.ts';

/** The community's own pages for those who look after it. */
export const ADMIN_ROUTES: CommunityRoutes = [
  ['GET', /^\/admin$/, showOverview],
  ...ADMIN_REQUESTS_ROUTES,
  ...ADMIN_INVITATIONS_ROUTES,
];

async function showOverview(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireAdmin(request);
  if (who === undefined) return;
  const { id } = request.community;
  const count = (status: Status) => countMembers(parts.database, id, { status });
  const frame = await adminFrame(parts, request);
  request.page(
    {
      page: 'admin/overview',
      frame,
      counts: [
        { kind: 'active', count: await count('active') },
        { kind: 'requested', count: frame.requestsWaiting, url: `${frame.base}/requests` },
        { kind: 'suspended', count: await count('suspended') },
        {
          kind: 'invitations',
          count: await countOpenInvitations(parts.database, id),
          url: `${frame.base}/invitations`,
        },
      ],
    },
    { member: who.member },
  );
}
