import { z } from 'zod';
import { countOpenInvitations } from '../../domain/invitations/invitation-store.ts';
import { countMembersBy } from '../../domain/memberships/list-members.ts';
import { listShownLinks } from '../../domain/notices/shown-links.ts';
import { signInsByDay } from '../../domain/sessions/sign-ins-by-day.ts';
import { DEFAULT_ZONE } from '../../platform/i18n/dates.ts';
import { oneOf } from '../../platform/web/form-fields.ts';
import { barChart } from '../components/bar-chart.ts';
import { timesFor } from '../components/times.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { admin } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import { listToDo } from './to-do.ts';

const CHART_DAYS = 30;

/** The first page of the console: what is to do, then how the community is. */
export const ADMIN_OVERVIEW_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin',
    who: admin,
    query: z.object({
      notice: oneOf('admitted', 'decided', 'let-in', 'kept-out'),
    }),
    async handle({ parts, request, who, query: { notice } }) {
      const { id } = request.community;
      const { member } = who;
      const times = timesFor(request, member);
      const frame = await adminFrame(parts, request);
      const counts = await countMembersBy(parts.database, id, {});
      const invitations = await countOpenInvitations(parts.database, id);
      const shown = await listShownLinks(parts.database, id);
      const zone = member.zoneinfo ?? DEFAULT_ZONE;
      const signIns = await signInsByDay(parts.database, id, { days: CHART_DAYS, zone });
      const members = `${frame.base}/members`;
      request.page(
        {
          page: 'admin/overview',
          frame,
          notice,
          csrf: request.csrf(),
          toDo: await listToDo(parts, request, who),
          shownLinks: shown.map(({ at, link, operator }) => ({
            at: times.shortMoment(at),
            kind: link,
            operator: operator ?? undefined,
          })),
          counts: [
            { kind: 'active', count: counts.active, url: members },
            { kind: 'requested', count: frame.requestsWaiting, url: `${frame.base}/requests` },
            { kind: 'suspended', count: counts.suspended, url: `${members}?status=suspended` },
            { kind: 'invitations', count: invitations, url: `${frame.base}/invitations` },
          ],
          chart: barChart(signIns, times.day),
        },
        { member },
      );
    },
  }),
];
