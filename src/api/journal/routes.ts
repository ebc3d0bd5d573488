import { z } from 'zod';
import { type JournalRow, listEvents } from '../../platform/events/event-store.ts';
import { isUuid } from '../../platform/text/uuid.ts';
import { type ApiParts, type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { atHub, inCommunity } from '../routing/callers.ts';
import { cursorsOf, listOf, paging } from '../routing/cursor.ts';
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

const filters = {
  type: z.string().max(100).optional(),
  actor: z.string().max(100).optional(),
};
const query = z.strictObject({
  ...paging,
  ...filters,
  subject: checkedText(
    (text) => (isUuid(text) ? undefined : 'must be a subject, such as the members’ list has it'),
    { max: 36 },
  ).optional(),
});
const hubQuery = z.strictObject({ ...paging, ...filters });

export const JOURNAL_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/journal',
    who: inCommunity('journal:read'),
    summary: 'List what happened in the community, the newest first',
    query,
    answer: listOf(event),
    handle: ({ parts, who: { community }, query }) => journal(parts, community.id, query),
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/hub/journal',
    who: atHub('hub-journal:read'),
    summary: 'List what happened at the hub itself, the newest first',
    query: hubQuery,
    answer: listOf(event),
    handle: ({ parts, query }) => journal(parts, undefined, query),
  }),
];

async function journal(
  { database, sealer }: ApiParts,
  communityId: string | undefined,
  { limit, cursor, ...filter }: z.output<typeof query>,
) {
  const cursors = cursorsOf(sealer, ['journal', communityId ?? null, filter]);
  const before = cursors.open(cursor);
  const rows = await listEvents(database, communityId, { ...filter, before, limit: limit + 1 });
  const items = rows.slice(0, limit);
  const next = rows.length > limit ? items.at(-1)?.id : undefined;
  return { value: { items: items.map(shown), next: cursors.make(next) } };
}

function shown({ serviceId: _, at, ...row }: JournalRow): z.output<typeof event> {
  return { ...row, at: told(at) };
}
