import type Provider from 'oidc-provider';
import { findContacts } from '../../domain/memberships/contact-store.ts';
import { accessTo } from '../../domain/memberships/member.ts';
import { requestAccess } from '../../domain/services/request-access.ts';
import type { Database } from '../../platform/database/database.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { interactionParts } from './consent-routes.ts';
import { finish } from './finish-interaction.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** GET ISSUER/access/UID: why the service stays closed to this member, and whom to ask. */
export async function showAccessDenied(
  database: Database,
  request: CommunityRequest,
  interaction: Interaction,
): Promise<void> {
  const { service, member } = await interactionParts(request, interaction);
  const access = accessTo(request.community, service, member);
  if (access.allowed) {
    // Let in meanwhile: the request goes on.
    await finish(request, {});
    return;
  }
  const action = `${request.issuer.basePath}/access/${interaction.uid}`;
  request.unit.record({
    type: 'service.refused',
    actor: `member:${member.subject}`,
    subject: member.subject,
    serviceId: service.id,
    details: { reason: access.reason },
  });
  request.page(
    {
      page: 'access-denied',
      service: { name: service.name },
      reason:
        access.reason === 'community' || access.reason === 'membership'
          ? 'community-frozen'
          : access.reason,
      groups: service.accessGroupIds.flatMap((id) => request.community.groups.get(id)?.name ?? []),
      contacts: await findContacts(database, request.community.id),
      request:
        access.reason === 'approval'
          ? { action: `${action}/request`, csrf: request.csrf() }
          : undefined,
      returnToAppAction: { action: `${action}/return`, csrf: request.csrf() },
      homeUrl: request.issuer.basePath || '/',
    },
    { status: 403, leaves: true, member },
  );
}

/** POST ISSUER/access/UID/request: asks the community's admins to be let in. */
export async function submitAccessRequest(
  { database, settle }: { database: Database; settle(): Promise<void> },
  request: CommunityRequest,
  interaction: Interaction,
): Promise<void> {
  await request.form();
  const { service, member } = await interactionParts(request, interaction);
  if (service.access === 'approval') {
    await database.transaction((tx) =>
      requestAccess(tx, request.community.id, service.id, member.subject),
    );
    await settle();
  }
  request.redirect(`/access/${interaction.uid}`);
}

/** POST ISSUER/access/UID/return: back to the app, which is told `access_denied`. */
export async function returnToApp(request: CommunityRequest): Promise<void> {
  await request.form();
  await finish(request, {
    error: 'access_denied',
    error_description: 'the member may not use this service',
  });
}
