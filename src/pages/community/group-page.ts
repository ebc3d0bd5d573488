import {
  JOININGS,
  listEntryRequests,
  listManagers,
  membersOfGroup,
  subjectsInGroups,
} from '../../domain/groups/group-store.ts';
import { looksAfter } from '../../domain/memberships/policy.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { lastDay } from '../components/last-day.ts';
import { timesFor } from '../components/times.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminFrame } from './admin-frame.ts';
import type { GroupFault, GroupNotice, GroupRow } from './group-pages.ts';
import { groupRows } from './group-view.ts';

/** As many members of one group as are shown; the list of members has the rest. */
const SHOWN = 200;

type Shown = {
  faults?: GroupFault[];
  notice?: GroupNotice | undefined;
  /** What was typed. */
  form?: { name: string; description: string; joining: string; seats: string };
  people?: string;
  until?: string;
  manager?: string;
};

/** One group's page, as those see it who may change its people. */
export async function showGroup(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
  id: string,
  { faults = [], notice, form, people = '', until = '', manager = '' }: Shown,
): Promise<void> {
  const { community, issuer } = request;
  const { database } = parts;
  const rows = await groupRows(database, request);
  const group = find(rows, id);
  const isAdmin = looksAfter(member);
  const { day } = timesFor(request, member);
  const members = await membersOfGroup(database, community.id, id, SHOWN);
  const requests = await listEntryRequests(database, community.id, [id]);
  const inside = rows.filter(({ name }) => group.children.includes(name));
  request.page(
    {
      page: 'admin/group',
      frame: await adminFrame(parts, request, isAdmin ? undefined : 'groups'),
      url: group.url,
      csrf: request.csrf(),
      group,
      isFull: group.seats !== undefined && group.members >= group.seats,
      mayChange: isAdmin,
      name: form?.name ?? group.name,
      description: form?.description ?? group.description ?? '',
      seats: form?.seats ?? String(group.seats ?? ''),
      joinings: JOININGS.map((state) => ({
        state,
        isChosen: state === (form?.joining ?? group.joining),
      })),
      people,
      until,
      members: members.map(({ status, until: end, ...one }) => ({
        ...one,
        status: status === 'active' ? undefined : status,
        until: end === null ? undefined : lastDay(end, localeOf(request.ctx, community.locale)),
      })),
      more: Math.max(0, group.members - members.length),
      requests: requests.map(({ subject, displayName, username, requestedAt }) => ({
        subject,
        displayName,
        username,
        on: day(requestedAt),
      })),
      managers: await listManagers(database, community.id, id),
      manager,
      inside: inside.map(({ id, name }) => ({ id, name })),
      others: rows
        .filter((one) => one.id !== id && !inside.includes(one))
        .map(({ id, name }) => ({ id, name })),
      listUrl: `${issuer.basePath}/admin/groups`,
      faults,
      notice,
    },
    { status: faults.length > 0 ? 400 : 200, member },
  );
}

/** What deleting a group means, before it is done. */
export async function showDeleteGroup(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
  id: string,
): Promise<void> {
  const group = find(await groupRows(parts.database, request), id);
  const services = request.community.services.filter(({ accessGroupIds }) =>
    accessGroupIds.includes(id),
  );
  request.page(
    {
      page: 'admin/group-delete',
      frame: await adminFrame(parts, request),
      action: `${group.url}/delete`,
      csrf: request.csrf(),
      group,
      people: (await subjectsInGroups(parts.database, request.community.id, [id])).length,
      services: services.map(({ name }) => name),
      backUrl: group.url,
    },
    { member },
  );
}

function find(rows: readonly GroupRow[], id: string): GroupRow {
  const group = rows.find((row) => row.id === id);
  if (group === undefined) throw notFound('group');
  return group;
}
