import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Community } from '../../domain/communities/community.ts';
import {
  changeSeveral,
  chosenMembers,
  type SeveralChange,
} from '../../domain/memberships/change-several.ts';
import {
  countMembersBy,
  type ListedMember,
  listMembersBy,
  MEMBER_SORTS,
} from '../../domain/memberships/list-members.ts';
import { ROLES, STATUSES } from '../../domain/memberships/membership-store.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { csvRows } from '../components/csv.ts';
import { timesFor } from '../components/times.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, formIn } from '../routing/done-steps.ts';
import { admin, adminRecent } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import { filterOf, listUrl, type MemberQuery, memberQuery } from './member-filter.ts';
import { SEVERAL_ACTIONS, type SeveralAction } from './member-pages.ts';
import { rowOf } from './member-row.ts';
import { packSubjects, unpackSubjects } from './packed-subjects.ts';

/** As many as a person looks through at once; their subjects fit into an address that a sign-in leads back to. */
const PAGE_LENGTH = 40;

const severalQuery = z.object({
  action: z.enum(SEVERAL_ACTIONS).default('suspend').catch('suspend'),
  /** From the list's form. */
  subject: z.array(uuid).max(PAGE_LENGTH).default([]),
  /** The same, in few characters. */
  who: z
    .string()
    .max(22 * PAGE_LENGTH)
    .default(''),
});

export const ADMIN_MEMBERS_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/members',
    who: admin,
    query: memberQuery.extend({ notice: z.literal('changed').optional().catch(undefined) }),
    async handle({ parts, request, who, query: { notice, ...query } }) {
      const { community, issuer } = request;
      const base = `${issuer.basePath}/admin/members`;
      const filter = filterOf(query);
      const counts = await countMembersBy(parts.database, community.id, {
        ...filter,
        status: undefined,
      });
      const total = counts[query.status];
      const pages = Math.max(1, Math.ceil(total / PAGE_LENGTH));
      const page = Math.min(query.page, pages);
      const members =
        total === 0
          ? []
          : await listMembersBy(parts.database, community.id, filter, {
              sort: query.sort,
              offset: (page - 1) * PAGE_LENGTH,
              limit: PAGE_LENGTH,
            });
      const { day } = timesFor(request, who.member);
      const locale = localeOf(request.ctx, community.locale);
      const choices = <Value extends string>(values: readonly Value[], chosen?: string) =>
        values.map((state) => ({ state, isChosen: state === chosen }));
      request.page(
        {
          page: 'admin/members',
          frame: await adminFrame(parts, request),
          action: base,
          chooseAction: `${base}/several`,
          exportUrl: listUrl(`${base}/export.csv`, query),
          search: query.search,
          status: query.status,
          statuses: STATUSES.map((state) => ({
            state,
            count: counts[state],
            url: listUrl(base, query, { status: state }),
            isCurrent: state === query.status,
          })),
          roles: choices(ROLES, query.role),
          groups: groupsOf(community, query.group),
          factors: choices(['yes', 'no'], query.factor),
          sorts: choices(MEMBER_SORTS, query.sort),
          isFiltered: listUrl('', { ...query, status: 'active', sort: 'name' }) !== '',
          clearUrl: base,
          members: members.map((member) => rowOf(member, { issuer, day, locale })),
          total,
          actions: SEVERAL_ACTIONS,
          pager:
            pages === 1
              ? undefined
              : pagerOf(page, pages, (to) => listUrl(base, query, { page: to })),
          notice,
        },
        { member: who.member },
      );
    },
  }),
  // The same list as a file, all of it.
  route({
    method: 'GET',
    path: '/admin/members/export.csv',
    who: adminRecent,
    query: memberQuery,
    async handle({ parts, request, who, query }) {
      const { ctx, community } = request;
      const { id: communityId } = community;
      const actor = `member:${who.member.subject}` as const;
      await parts.database.transaction((tx) =>
        recordEvents(tx, [{ communityId, type: 'members.exported', actor }]),
      );
      ctx.type = 'text/csv; charset=utf-8';
      ctx.attachment(`${community.slug}-membres.csv`);
      ctx.body = Readable.from(csvOf(parts.database, request, query));
    },
  }),
  // What is about to be done to those who were chosen.
  route({
    method: 'GET',
    path: '/admin/members/several',
    who: admin,
    query: severalQuery,
    async handle({ parts, request, who, query: { action, subject, who: packed } }) {
      const { community, issuer } = request;
      const base = `${issuer.basePath}/admin/members`;
      if (subject.length > 0) {
        const parameters = new URLSearchParams({ action, who: packSubjects(subject) });
        return request.redirect(`/admin/members/several?${parameters}`);
      }
      const { concerned, skipped } = await chosenMembers(parts.database, community.id, {
        subjects: unpackSubjects(packed),
        change: changeOf(action, []),
        by: who.member,
      });
      request.page(
        {
          page: 'admin/members-several',
          frame: await adminFrame(parts, request),
          action: `${base}/several`,
          csrf: request.csrf(),
          kind: action,
          members: concerned,
          skipped,
          groups: asksGroup(action) ? groupsOf(community) : [],
          isWithoutGroups: asksGroup(action) && community.groups.size === 0,
          backUrl: base,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/admin/members/several',
    who: adminRecent,
    form: z.object({
      kind: z.enum(SEVERAL_ACTIONS),
      subject: z.array(uuid).max(PAGE_LENGTH).default([]),
      group: uuid.optional(),
    }),
    async handle({ parts, request, who, form: { kind, subject: subjects, group } }) {
      const { subject, role } = who.member;
      const step = formIn(request, `${kind} ${group} ${packSubjects(subjects)}`);
      const asked = { step, subject, to: '/admin/members?notice=changed' };
      const place = { id: request.community.id, issuerUrl: request.issuer.url };
      await changeOrLead(parts, request, asked, async (tx) => {
        if (asksGroup(kind) && group === undefined)
          throw new RequestError(400, 'bad-request', 'cannot be read: group');
        const change = changeOf(kind, group === undefined ? [] : [group]);
        await changeSeveral(tx, place, subjects, change, { subject, role });
        return undefined;
      });
    },
  }),
];

const EXPORT_STEP = 1_000;
const COLUMNS = ['username', 'name', 'email', 'role', 'status', 'groups', 'since'] as const;

function cellsOf({ username, displayName, email, role, status, groups, createdAt }: ListedMember) {
  return {
    username,
    name: displayName,
    email: email ?? '',
    role,
    status,
    groups: groups.join('|'),
    since: createdAt.toISOString().slice(0, 10),
  };
}

/** A part of the file at a time, as the reader takes it. */
async function* csvOf(
  database: Database,
  { ctx, community }: CommunityRequest,
  query: MemberQuery,
) {
  const locale = localeOf(ctx, community.locale);
  for (let offset = 0; ; offset += EXPORT_STEP) {
    const page = { sort: query.sort, offset, limit: EXPORT_STEP };
    const members = await listMembersBy(database, community.id, filterOf(query), page);
    yield csvRows(COLUMNS, members.map(cellsOf), { locale, isFirst: offset === 0 });
    if (members.length < EXPORT_STEP) return;
  }
}

function asksGroup(action: SeveralAction): boolean {
  return action === 'add' || action === 'remove';
}

function changeOf(action: SeveralAction, groups: string[]): SeveralChange {
  if (action === 'add') return { groups: { add: groups } };
  if (action === 'remove') return { groups: { remove: groups } };
  return { statusChange: action === 'let-go' ? 'leave' : action };
}

function groupsOf(community: Community, chosen?: string) {
  return [...community.groups]
    .map(([id, { name }]) => ({ id, name, isChosen: id === chosen }))
    .sort((a, b) => a.name.localeCompare(b.name, community.locale));
}

function pagerOf(page: number, pages: number, url: (page: number) => string) {
  return {
    page,
    pages,
    ...(page > 1 && { previousUrl: url(page - 1) }),
    ...(page < pages && { nextUrl: url(page + 1) }),
  };
}
