import { z } from 'zod';
import { type EventRow, listEvents, listHubEvents } from '../../platform/events/event-store.ts';
import { isUuid } from '../../platform/text/uuid.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { atHub, inCommunity } from '../routing/callers.ts';
import { type Cursors, cursorsOf, listOf, paging } from '../routing/cursor.ts';
import { checkedText, moment, told } from '../routing/fields.ts';

const event = z.object({
  id: z.string(),
  at: moment,
  type: z.string().meta({ example: 'member.suspended' }),
  actor: z.string().meta({
    description:
      'who did it: `member:SUBJECT`, `operator:ID`, `token:ID`, `cli`, `apply`, `hub` or `anonymous`',
  }),
  subject: z.uuid().nullable().meta({ description: 'the member concerned' }),
  details: z.record(z.string(), z.unknown()),
});

const type = checkedText(
  (text) =>
    /^[a-z]+([.-][a-z]+)*$/.test(text) ? undefined : 'must be a type, such as member.suspended',
  { max: 100 },
);
const query = z.strictObject({
  ...paging,
  type: type.optional(),
  subject: checkedText(
    (text) => (isUuid(text) ? undefined : 'must be a subject, such as the members’ list has it'),
    { max: 36, description: 'whom it concerns, or who did it' },
  ).optional(),
});
const hubQuery = z.strictObject({ ...paging, type: type.optional() });

export const JOURNAL_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/journal',
    who: inCommunity('journal:read'),
    summary: 'List what happened in the community, the newest first',
    query,
    answer: listOf(event),
    async handle({ parts, who: { community }, query: { limit, cursor, type, subject } }) {
      const cursors = cursorsOf(parts.sealer, ['journal', community.id, type ?? '', subject ?? '']);
      const page = { before: cursors.open(cursor), limit: limit + 1 };
      const filter = { types: type === undefined ? undefined : [type], subject };
      const rows = await listEvents(parts.database, community.id, filter, page);
      return { value: pageOfEvents(rows, limit, cursors) };
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/hub/journal',
    who: atHub('hub-journal:read'),
    summary: 'List what happened at the hub itself, the newest first',
    query: hubQuery,
    answer: listOf(event),
    async handle({ parts, query: { limit, cursor, type } }) {
      const cursors = cursorsOf(parts.sealer, ['hub-journal', type ?? '']);
      const page = { before: cursors.open(cursor), limit: limit + 1 };
      const rows = await listHubEvents(parts.database, type, page);
      return { value: pageOfEvents(rows, limit, cursors) };
    },
  }),
];

type Row = EventRow & { subject: string | null };

function pageOfEvents(rows: readonly Row[], limit: number, cursors: Cursors) {
  const items = rows.slice(0, limit);
  const next = rows.length > limit ? items.at(-1)?.id : undefined;
  return { items: items.map(shown), next: cursors.make(next) };
}

function shown({ serviceId: _, at, ...row }: Row): z.output<typeof event> {
  return { ...row, at: told(at) };
}
