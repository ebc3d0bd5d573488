import { z } from 'zod';
import type { Community } from '../../domain/communities/community.ts';
import { findListedMember, type ListedMember } from '../../domain/memberships/list-members.ts';
import { accessTo, type Member } from '../../domain/memberships/member.ts';
import { namesOf, type Role } from '../../domain/memberships/membership-store.ts';
import { mayManage, rolesToGive } from '../../domain/memberships/policy.ts';
import { isPossible } from '../../domain/memberships/status-change.ts';
import { readFactors } from '../../domain/second-factors/factor-store.ts';
import { staysOpen, toOpenService } from '../../domain/services/stays-open.ts';
import { listEventsOf } from '../../platform/events/event-store.ts';
import { oneOf } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { describeEvent, doersOf } from '../components/event-view.ts';
import { readSessions } from '../components/session-view.ts';
import { timesFor } from '../components/times.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import { MEMBER_NOTICES, type MemberPage } from './member-pages.ts';
import { memberParams } from './member-params.ts';
import { rowOf } from './member-row.ts';

const EVENTS_SHOWN = 15;

type OnePage = Extract<MemberPage, { page: 'admin/member' }>;

/** One member, as those who look after the community see them: no secret, and no credential's value. */
export const ADMIN_MEMBER_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/members/:subject',
    params: memberParams,
    who: admin,
    query: z.object({ notice: oneOf(...MEMBER_NOTICES) }),
    async handle({ parts, request, who, params: { subject }, query: { notice } }) {
      await showMember(parts, request, who, subject, { notice });
    },
  }),
  // What it takes to let somebody go.
  route({
    method: 'GET',
    path: '/admin/members/:subject/let-go',
    params: memberParams,
    who: admin,
    async handle({ parts, request, who, params: { subject } }) {
      const { community, issuer } = request;
      const listed = await findListedMember(parts.database, community.id, subject);
      const member = await request.unit.member(subject);
      if (listed === undefined || member === undefined) throw notFound('member');
      const row = rowOf(listed, {
        issuer,
        day: timesFor(request, who.member).day,
        locale: localeOf(request.ctx, community.locale),
      });
      const sessions = await readSessions(parts, request, { of: subject, reader: who });
      request.page(
        {
          page: 'admin/member-let-go',
          frame: await adminFrame(parts, request),
          member: row,
          open: staysOpen(community, member, {}).map(toOpenService),
          services: openTo(community, member),
          sessions: sessions.length,
          action: `${row.url}/let-go`,
          csrf: request.csrf(),
          backUrl: row.url,
        },
        { member: who.member },
      );
    },
  }),
];

/** @throws RequestError 404 for who is not of this community */
export async function showMember(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  subject: string,
  {
    notice,
    fault,
    typed,
  }: { notice?: OnePage['notice']; fault?: 'shape' | 'past'; typed?: string },
): Promise<void> {
  const listed = await findListedMember(parts.database, request.community.id, subject);
  const member = await request.unit.member(subject);
  if (listed === undefined || member === undefined) throw notFound('member');
  const page = await onePage(parts, request, who, { listed, member });
  const faults = fault === undefined ? [] : [{ field: 'until' as const, code: fault }];
  const status = fault === undefined ? 200 : 400;
  request.page({ ...page, notice, faults, untilTyped: typed }, { status, member: who.member });
}

async function onePage(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  { listed, member }: { listed: ListedMember; member: Member },
): Promise<OnePage> {
  const { community, issuer } = request;
  const { subject } = member;
  const times = timesFor(request, who.member);
  const row = rowOf(listed, {
    issuer,
    day: times.day,
    locale: localeOf(request.ctx, community.locale),
  });
  const isSelf = subject === who.member.subject;
  const may = mayManage(who.member.role, member.role);
  const can = (change: 'suspend' | 'resume' | 'leave') =>
    may && !isSelf && isPossible(change, listed);
  const { passkeys, totp, recoveryCodesLeft } = await readFactors(parts.database, member.personId);
  const inside = new Set(member.groupIds);
  const groups = [...community.groups]
    .map(([id, { name }]) => ({ id, name }))
    .sort((a, b) => a.name.localeCompare(b.name, community.locale));
  return {
    page: 'admin/member',
    frame: await adminFrame(parts, request),
    member: row,
    isSelf,
    mayManage: may,
    canSuspend: can('suspend'),
    canResume: can('resume'),
    canLetGo: can('leave'),
    csrf: request.csrf(),
    url: row.url,
    roles: rolesFor(who.member.role, row.role),
    groups: groups.filter(({ id }) => inside.has(id)),
    moreGroups: groups.filter(({ id }) => !inside.has(id)),
    services: servicesOf(community, member),
    sessions: may ? await readSessions(parts, request, { of: subject, reader: who }) : [],
    factors: { passkeys: passkeys.length, totp, recoveryCodes: recoveryCodesLeft },
    events: await eventsOf(parts, request, { subject, moment: times.shortMoment }),
    listUrl: `${issuer.basePath}/admin/members`,
    faults: [],
  };
}

/** The roles that this admin may choose between for that member; none where there is nothing to choose. */
function rolesFor(own: Role, had: Role): OnePage['roles'] {
  const given = rolesToGive(own);
  if (!given.includes(had) || given.length < 2) return [];
  return given.map((state) => ({ state, isChosen: state === had }));
}

async function eventsOf(
  { database }: Pick<WebParts, 'database'>,
  { community }: CommunityRequest,
  { subject, moment }: { subject: string; moment(date: Date): string },
): Promise<OnePage['events']> {
  const rows = await listEventsOf(database, community.id, subject, { limit: EVENTS_SHOWN });
  const names = await namesOf(database, community.id, doersOf(rows));
  return rows.map((row) => {
    const { what, about, by } = describeEvent(row, { community, names });
    return {
      at: moment(row.at),
      what,
      about,
      by: by.kind,
      byName: by.kind === 'member' ? by.name : undefined,
    };
  });
}

/** The services that a member may open, asked for, or is kept out of. */
function servicesOf(community: Community, member: Member): OnePage['services'] {
  return community.services.flatMap((service): OnePage['services'] => {
    const access = accessTo(community, service, member);
    const { name } = service;
    if (access.allowed) return [{ name, state: 'open' }];
    const { reason } = access;
    return reason === 'requested' || reason === 'blocked' ? [{ name, state: reason }] : [];
  });
}

function openTo(community: Community, member: Member): string[] {
  return servicesOf(community, member)
    .filter(({ state }) => state === 'open')
    .map(({ name }) => name);
}
