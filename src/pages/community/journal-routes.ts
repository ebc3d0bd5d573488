import { Readable } from 'node:stream';
import { z } from 'zod';
import { findByLogin, namesOf } from '../../domain/memberships/membership-store.ts';
import type { Database } from '../../platform/database/database.ts';
import { type EventFilter, listEvents } from '../../platform/events/event-store.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { startOfDay } from '../../platform/i18n/dates.ts';
import { typed } from '../../platform/web/form-fields.ts';
import { csvRows } from '../components/csv.ts';
import { describeEvent, doersOf } from '../components/event-view.ts';
import { TOLD_EVENTS } from '../components/event-words.ts';
import { timesFor } from '../components/times.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin, adminRecent } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import {
  JOURNAL_AREA_NAMES,
  JOURNAL_AREAS,
  JOURNAL_EVENTS,
  JOURNAL_ROUTINE,
} from './journal-areas.ts';

const PAGE_LENGTH = 50;
const EXPORT_STEP = 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A day of a date field. */
const day = z.iso.date().optional().catch(undefined);

const journalQuery = z.object({
  area: z.enum(JOURNAL_AREA_NAMES).default('changes').catch('changes'),
  who: typed.transform((text) => text.trim().slice(0, 254)).catch(''),
  from: day,
  until: day,
});
type JournalQuery = z.infer<typeof journalQuery>;

/** What happened in the community, and who did it. */
export const ADMIN_JOURNAL_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/journal',
    who: admin,
    query: journalQuery.extend({
      before: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional()
        .catch(undefined),
    }),
    async handle({ parts, request, who, query: { before, ...query } }) {
      const { community, issuer } = request;
      const filter = await filterOf(parts, request, query, who.member.zoneinfo);
      const rows =
        filter === undefined
          ? []
          : await listEvents(parts.database, community.id, filter, {
              before,
              limit: PAGE_LENGTH + 1,
            });
      const shown = rows.slice(0, PAGE_LENGTH);
      const concerned = shown.map(({ subject }) => subject).filter((id) => id !== null);
      const names = await namesOf(parts.database, community.id, [...doersOf(shown), ...concerned]);
      const times = timesFor(request, who.member);
      const base = `${issuer.basePath}/admin/journal`;
      const days = Map.groupBy(shown, ({ at }) => times.longDay(at));
      request.page(
        {
          page: 'admin/journal',
          frame: await adminFrame(parts, request),
          action: base,
          ...query,
          areas: JOURNAL_AREA_NAMES.map((state) => ({
            state,
            isCurrent: state === query.area,
            url: urlOf(base, { ...query, area: state }),
          })),
          isFiltered: query.who !== '' || query.from !== undefined || query.until !== undefined,
          isUnknown: filter === undefined,
          clearUrl: urlOf(base, { area: query.area, who: '', from: undefined, until: undefined }),
          exportUrl: urlOf(`${base}/export.csv`, query),
          days: [...days].map(([heading, ofDay]) => ({
            day: heading,
            events: ofDay.map((row) => {
              const { id, about, by } = describeEvent(row, { community, names });
              return {
                id,
                time: times.time(row.at),
                ...wordsOf(row.type),
                about,
                member: row.subject === null ? undefined : names.get(row.subject),
                memberUrl:
                  row.subject === null
                    ? undefined
                    : `${issuer.basePath}/admin/members/${row.subject}`,
                by: by.kind,
                byName: by.kind === 'member' ? by.name : undefined,
              };
            }),
          })),
          newestUrl: before === undefined ? undefined : urlOf(base, query),
          olderUrl:
            rows.length > PAGE_LENGTH
              ? urlOf(base, query, { before: shown.at(-1)?.id as string })
              : undefined,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'GET',
    path: '/admin/journal/export.csv',
    who: adminRecent,
    query: journalQuery,
    async handle({ parts, request, who, query }) {
      const { ctx, community } = request;
      const filter = await filterOf(parts, request, query, who.member.zoneinfo);
      await parts.database.transaction((tx) =>
        recordEvents(tx, [
          {
            communityId: community.id,
            type: 'journal.exported',
            actor: `member:${who.member.subject}`,
          },
        ]),
      );
      ctx.type = 'text/csv; charset=utf-8';
      ctx.attachment(`${community.slug}-journal.csv`);
      ctx.body = Readable.from(csvOf(parts.database, request, filter));
    },
  }),
];

/** @returns undefined where it asks for somebody who is not there */
async function filterOf(
  { database }: Pick<WebParts, 'database'>,
  { community }: CommunityRequest,
  { area, who, from, until }: JournalQuery,
  zone: string | null,
): Promise<EventFilter | undefined> {
  const found = who === '' ? undefined : await findByLogin(database, community.id, who);
  if (who !== '' && found === undefined) return undefined;
  return {
    types: JOURNAL_AREAS[area],
    without: area === 'sign-ins' ? [] : JOURNAL_ROUTINE,
    subject: found?.subject,
    from: from === undefined ? undefined : startOfDay(from, zone),
    until: until === undefined ? undefined : startOfDay(dayAfter(until), zone),
  };
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

/** Whose words an event is told in. */
function wordsOf(type: string): { isOwn: boolean; what: string } {
  if (JOURNAL_EVENTS.has(type)) return { isOwn: true, what: type };
  return TOLD_EVENTS.has(type) ? { isOwn: false, what: type } : { isOwn: true, what: 'other' };
}

function urlOf(
  base: string,
  { area, who, from, until }: JournalQuery,
  more: Record<string, string> = {},
): string {
  const parameters = new URLSearchParams(more);
  if (area !== 'changes') parameters.set('area', area);
  if (who !== '') parameters.set('who', who);
  if (from !== undefined) parameters.set('from', from);
  if (until !== undefined) parameters.set('until', until);
  return parameters.size === 0 ? base : `${base}?${parameters}`;
}

/** A part of the file at a time, as the reader takes it. */
async function* csvOf(
  database: Database,
  { ctx, community }: CommunityRequest,
  filter: EventFilter | undefined,
) {
  const locale = localeOf(ctx, community.locale);
  let before: string | undefined;
  for (let isFirst = true; ; isFirst = false) {
    const rows =
      filter === undefined
        ? []
        : await listEvents(database, community.id, filter, { before, limit: EXPORT_STEP });
    const subjects = rows.map(({ subject }) => subject).filter((id) => id !== null);
    const names = await namesOf(database, community.id, [...doersOf(rows), ...subjects]);
    yield csvRows(
      ['at', 'type', 'by', 'member', 'details'],
      rows.map(({ at, type, actor, subject, details }) => ({
        at: at.toISOString(),
        type,
        by: names.get(actor.replace(/^member:/, '')) ?? actor,
        member: subject === null ? '' : (names.get(subject) ?? subject),
        details: JSON.stringify(details),
      })),
      { locale, isFirst },
    );
    if (rows.length < EXPORT_STEP) return;
    before = rows.at(-1)?.id;
  }
}
