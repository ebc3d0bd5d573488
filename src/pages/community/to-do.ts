import { listNearEnds } from '../../domain/ends/near-ends.ts';
import { listEntryRequests } from '../../domain/groups/group-store.ts';
import type { Role } from '../../domain/memberships/membership-store.ts';
import { mayManage } from '../../domain/memberships/policy.ts';
import { listRecoveries, mayApprove } from '../../domain/recovery/assisted-recovery.ts';
import { listRequests } from '../../domain/registration/answer-store.ts';
import { listUnguardedAdmins } from '../../domain/second-factors/unguarded-admins.ts';
import { listFailingServices } from '../../domain/services/failing-services.ts';
import { listAccessRequests } from '../../domain/services/service-store.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { lastDay, lastDayField } from '../components/last-day.ts';
import { timesFor } from '../components/times.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { ToDo } from './to-do-rows.ts';

/** As many of a kind as are looked at on one page; the rest stands on the kind's own. */
const SHOWN = 8;

/** All that is to do, the most pressing first: people who wait, then what is amiss. */
export async function listToDo(
  { database }: Pick<WebParts, 'database'>,
  request: CommunityRequest,
  { member }: SignedIn,
): Promise<ToDo[]> {
  const { community } = request;
  const { day } = timesFor(request, member);
  const recoveries = await listRecoveries(database, community.id);
  const joins = await listRequests(database, community.id, SHOWN);
  const access = await listAccessRequests(database, community.id);
  const entries = await listEntryRequests(database, community.id);
  const failing = await listFailingServices(database, community.id);
  const ends = await listNearEnds(database, community.id, SHOWN);
  const unguarded = await listUnguardedAdmins(database, community.id, SHOWN);
  const locale = localeOf(request.ctx, community.locale);
  const mayExtend = (what: string, role: Role) =>
    what === 'membership' && mayManage(member.role, role);
  return [
    ...recoveries.slice(0, SHOWN).map(
      (one): ToDo => ({
        kind: 'recovery',
        id: one.id,
        name: one.displayName,
        username: one.username,
        by: one.requestedByName,
        mayApprove: mayApprove(one, member.subject),
      }),
    ),
    ...joins.map(
      ({ subject, displayName, username, requestedAt }): ToDo => ({
        kind: 'join',
        subject,
        name: displayName,
        username,
        on: day(requestedAt),
      }),
    ),
    ...access.slice(0, SHOWN).map(
      (one): ToDo => ({
        kind: 'access',
        subject: one.subject,
        serviceId: one.serviceId,
        name: one.displayName,
        username: one.username,
        service: one.serviceName,
        on: day(one.requestedAt),
      }),
    ),
    ...entries.slice(0, SHOWN).map(
      (one): ToDo => ({
        kind: 'entry',
        subject: one.subject,
        groupId: one.groupId,
        group: one.group,
        name: one.displayName,
        username: one.username,
        on: day(one.requestedAt),
      }),
    ),
    ...ends.map(
      ({ subject, displayName, what, role, group, endsAt }): ToDo => ({
        kind: 'end',
        subject,
        name: displayName,
        what,
        group: group ?? undefined,
        on: lastDay(endsAt, locale),
        later: mayExtend(what, role as Role) ? aYearLater(endsAt) : undefined,
      }),
    ),
    ...failing.flatMap(({ clientId, since }): ToDo[] => {
      const service = serviceOfClient(community, clientId);
      return service === undefined ? [] : [{ kind: 'service', name: service.name, on: day(since) }];
    }),
    ...unguarded.map(
      ({ subject, displayName, username, email }): ToDo => ({
        kind: 'factor',
        subject,
        name: displayName,
        username,
        email: email ?? undefined,
      }),
    ),
  ];
}

/** @returns the same day a year later, as a date field has it */
function aYearLater(end: Date): string {
  const [year, ...rest] = lastDayField(end).split('-');
  const day = [Number(year) + 1, ...rest].join('-');
  // There is no 29 February then.
  return day.endsWith('-02-29') ? day.replace(/29$/, '28') : day;
}
