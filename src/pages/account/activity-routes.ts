import { z } from 'zod';
import type { Community } from '../../domain/communities/community.ts';
import { namesOf } from '../../domain/memberships/membership-store.ts';
import { type EventRow, listEventsOf } from '../../platform/events/event-store.ts';
import { timesFor } from '../components/times.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { member } from '../routing/who.ts';
import { TOLD_EVENTS } from './event-words.ts';
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
      const actors = new Set(
        shown.map(({ actor }) => memberOf(actor)).filter((id) => id !== undefined),
      );
      const names = await namesOf(parts.database, community.id, [...actors]);
      const times = timesFor(request, member);
      const events = shown.map((row) => ({
        day: times.longDay(row.at),
        event: describe(row, {
          community,
          subject: member.subject,
          names,
          time: times.time(row.at),
        }),
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

type Surroundings = {
  community: Community;
  subject: string;
  names: Map<string, string>;
  time: string;
};

function describe(
  { id, type, actor, serviceId, details }: EventRow,
  { community, subject, names, time }: Surroundings,
): ActivityView {
  const service = community.services.find((one) => one.id === serviceId);
  const by = memberOf(actor);
  return {
    id,
    time,
    what: TOLD_EVENTS.has(type) ? type : 'other',
    by: doer(actor, subject),
    byName: by === undefined || by === subject ? undefined : names.get(by),
    about: service?.name ?? aboutOf(details),
  };
}

/** What the details name: a group, a passkey, a password, the new username. Values of a profile are never there. */
function aboutOf(details: Record<string, unknown>): string | undefined {
  const { name, group, username, to, label } = details;
  return [name, group, label, username, to].find((value) => typeof value === 'string') as
    | string
    | undefined;
}

function memberOf(actor: string): string | undefined {
  return actor.startsWith('member:') ? actor.slice('member:'.length) : undefined;
}

function doer(actor: string, subject: string): ActivityView['by'] {
  if (actor === 'anonymous') return 'somebody';
  if (actor === 'hub') return 'hub';
  const member = memberOf(actor);
  if (member === undefined) return 'team';
  return member === subject ? 'you' : 'admin';
}
