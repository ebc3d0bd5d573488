import { findContacts } from '../../domain/memberships/contact-store.ts';
import { accessTo } from '../../domain/memberships/member.ts';
import { requestAccess } from '../../domain/services/request-access.ts';
import { noFields } from '../../platform/web/form-fields.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { interactionParts } from './consent-routes.ts';
import { finish } from './finish-interaction.ts';
import { appRequest, appRequestParams } from './who.ts';

export const ACCESS_ROUTES: CommunityRoute[] = [
  // Why the service stays closed to this member, and whom to ask.
  route({
    method: 'GET',
    path: '/access/:uid',
    params: appRequestParams,
    who: appRequest('access'),
    async handle({ parts, request, who: interaction }) {
      const { service, member } = await interactionParts(request, interaction);
      const access = accessTo(request.community, service, member);
      if (access.allowed) {
        // Let in meanwhile: the request goes on.
        await finish(parts, request, interaction, {});
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
          groups: service.accessGroupIds.flatMap(
            (id) => request.community.groups.get(id)?.name ?? [],
          ),
          contacts: await findContacts(parts.database, request.community.id),
          request:
            access.reason === 'approval'
              ? { action: `${action}/request`, csrf: request.csrf() }
              : undefined,
          returnToAppAction: { action: `${action}/return`, csrf: request.csrf() },
          homeUrl: request.issuer.basePath || '/',
        },
        { status: 403, leaves: true, member },
      );
    },
  }),
  // Asks the community's admins to be let in.
  route({
    method: 'POST',
    path: '/access/:uid/request',
    params: appRequestParams,
    who: appRequest('access'),
    form: noFields,
    async handle({ parts, request, who: interaction }) {
      const { service, member } = await interactionParts(request, interaction);
      if (service.access === 'approval') {
        await parts.database.transaction((tx) =>
          requestAccess(
            tx,
            { id: request.community.id, issuerUrl: request.issuer.url },
            service.id,
            member.subject,
          ),
        );
        await parts.settle();
      }
      request.redirect(`/access/${interaction.uid}`);
    },
  }),
  backToApp('access', 'the member may not use this service'),
  // Of a sign-in that ends here, since the account is closed.
  backToApp('login', 'the sign-in was given up'),
];

/** Back to the app, which is told `access_denied` and why (OpenID Connect Core 1.0 §3.1.2.6). */
function backToApp(question: 'access' | 'login', why: string): CommunityRoute {
  return route({
    method: 'POST',
    path: `/${question}/:uid/return`,
    params: appRequestParams,
    who: appRequest(question),
    form: noFields,
    async handle({ parts, request, who: interaction }) {
      const denied = { error: 'access_denied', error_description: why };
      await finish(parts, request, interaction, denied);
    },
  });
}
