import { z } from 'zod';
import { namesOf } from '../../domain/memberships/membership-store.ts';
import { listEventsOf } from '../../platform/events/event-store.ts';
import { describeEvent, doersOf, type EventView } from '../components/event-view.ts';
import { timesFor } from '../components/times.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { member } from '../routing/who.ts';
import type { ActivityView } from './pages.ts';

const PAGE_LENGTH = 50;

/** The member's own lines of the audit trail, a page at a time. */
export const ACTIVITY_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/activity',
    who: member,
    // Whatever else was typed into the address than an id of ours is the first page.
    query: z.object({
      before: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional()
        .catch(undefined),
    }),
    async handle({ parts, request, who, query: { before } }) {
      const { member } = who;
      const { community, issuer } = request;
      const rows = await listEventsOf(parts.database, community.id, member.subject, {
        before,
        limit: PAGE_LENGTH + 1,
      });
      const shown = rows.slice(0, PAGE_LENGTH);
      const names = await namesOf(parts.database, community.id, doersOf(shown));
      const times = timesFor(request, member);
      const events = shown.map((row) => ({
        day: times.longDay(row.at),
        event: viewOf(describeEvent(row, { community, names }), member.subject, times.time(row.at)),
      }));
      const days = [...Map.groupBy(events, ({ day }) => day)].map(([day, ofDay]) => ({
        day,
        events: ofDay.map(({ event }) => event),
      }));
      const url = `${issuer.basePath}/account/activity`;
      request.page(
        {
          page: 'account/activity',
          days,
          newestUrl: before === undefined ? undefined : url,
          olderUrl: rows.length > PAGE_LENGTH ? `${url}?before=${shown.at(-1)?.id}` : undefined,
        },
        { member },
      );
    },
  }),
];

function viewOf({ id, what, about, by }: EventView, subject: string, time: string): ActivityView {
  const isOther = by.kind === 'member' && by.subject !== subject;
  return {
    id,
    time,
    what,
    about,
    by: by.kind !== 'member' ? by.kind : isOther ? 'admin' : 'you',
    byName: isOther ? by.name : undefined,
  };
}
