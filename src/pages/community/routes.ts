import { countOpenInvitations } from '../../domain/invitations/invitation-store.ts';
import { countMembers, type Status } from '../../domain/memberships/membership-store.ts';
import { listShownLinks } from '../../domain/notices/shown-links.ts';
import { timesFor } from '../components/times.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { admin } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import { ADMIN_INVITATIONS_ROUTES } from './invitations-routes.ts';
import { ADMIN_MEMBER_CHANGES } from './member-changes-routes.ts';
import { ADMIN_MEMBER_ROUTES } from './member-routes.ts';
import { ADMIN_MEMBERS_ROUTES } from './members-routes.ts';
import { ADMIN_REQUESTS_ROUTES } from './requests-routes.ts';

/** The community's own pages for those who look after it. */
export const ADMIN_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin',
    who: admin,
    async handle({ parts, request, who }) {
      const { id } = request.community;
      const count = (status: Status) => countMembers(parts.database, id, { status });
      const frame = await adminFrame(parts, request);
      const times = timesFor(request, who.member);
      const shown = await listShownLinks(parts.database, id);
      request.page(
        {
          page: 'admin/overview',
          frame,
          shownLinks: shown.map(({ at, link, operator }) => ({
            at: times.shortMoment(at),
            kind: link,
            operator: operator ?? undefined,
          })),
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
    },
  }),
  ...ADMIN_MEMBERS_ROUTES,
  ...ADMIN_MEMBER_ROUTES,
  ...ADMIN_MEMBER_CHANGES,
  ...ADMIN_REQUESTS_ROUTES,
  ...ADMIN_INVITATIONS_ROUTES,
];
