import { listRecoveries, mayApprove } from '../../domain/recovery/assisted-recovery.ts';
import { listRequests } from '../../domain/registration/answer-store.ts';
import { listUnguardedAdmins } from '../../domain/second-factors/unguarded-admins.ts';
import { listFailingServices } from '../../domain/services/failing-services.ts';
import { listAccessRequests } from '../../domain/services/service-store.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { timesFor } from '../components/times.ts';
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
  const failing = await listFailingServices(database, community.id);
  const unguarded = await listUnguardedAdmins(database, community.id, SHOWN);
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
