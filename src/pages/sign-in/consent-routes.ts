import type Provider from 'oidc-provider';
import { z } from 'zod';
import type { Service } from '../../domain/communities/community.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { CLAIMS_BY_SCOPE, claimsOfScopes, memberClaims } from '../../protocols/oidc/claims.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { extendGrant, type Request, splitRequest } from '../../protocols/oidc/grants.ts';
import { claimItem } from '../components/claim-items.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { finish } from './finish-interaction.ts';
import { appRequest, appRequestParams } from './who.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

export const CONSENT_ROUTES: CommunityRoute[] = [
  // A first-party service's member is told, a third party's is asked.
  route({
    method: 'GET',
    path: '/consent/:uid',
    params: appRequestParams,
    who: appRequest('consent'),
    async handle({ request, who: interaction }) {
      const { service, member, asked } = await consentParts(request, interaction);
      const firstParty = service.trust === 'first-party';
      request.page(
        {
          page: 'consent',
          action: `${request.issuer.basePath}/consent/${interaction.uid}`,
          csrf: request.csrf(),
          kind: firstParty ? 'notice' : 'consent',
          service: {
            name: service.name,
            url: service.url ?? undefined,
            icon: service.icon ?? undefined,
          },
          member: { displayName: member.displayName, username: member.username },
          shares: sharesOf(request, member, asked),
          offlineAccess: asked.scopes.includes('offline_access'),
        },
        { leaves: true, member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/consent/:uid',
    params: appRequestParams,
    who: appRequest('consent'),
    form: z.object({ decision: z.string().optional() }),
    async handle({ parts, request, who: interaction, form }) {
      const { service, member, asked } = await consentParts(request, interaction);
      const actor = `member:${member.subject}` as const;
      if (form.decision !== 'allow') {
        request.unit.record({
          type: 'consent.refused',
          actor,
          subject: member.subject,
          serviceId: service.id,
        });
        await finish(parts, request, interaction, {
          error: 'access_denied',
          error_description: 'End-User aborted interaction',
        });
        return;
      }
      const { provider } = await request.ready();
      const existing =
        interaction.grantId === undefined
          ? undefined
          : await provider.Grant.find(interaction.grantId);
      const clientId = String(interaction.params.client_id);
      const grant = existing ?? new provider.Grant({ accountId: member.subject, clientId });
      extendGrant(grant, asked);
      const grantId = await grant.save();
      request.unit.consent({
        kind: service.trust === 'first-party' ? 'notice' : 'consent',
        serviceId: service.id,
        subject: member.subject,
        scopes: asked.scopes,
        claims: asked.claims,
      });
      request.unit.record({
        type: 'consent.given',
        actor,
        subject: member.subject,
        serviceId: service.id,
        details: { scopes: asked.scopes, claims: asked.claims },
      });
      await finish(parts, request, interaction, { consent: { grantId } });
    },
  }),
];

/** The service, the member and what is asked. @throws RequestError 400 `expired` */
export async function interactionParts(
  request: CommunityRequest,
  interaction: Interaction,
): Promise<{ service: Service; member: Member }> {
  const service = serviceOfClient(request.community, String(interaction.params.client_id));
  const subject = interaction.session?.accountId;
  const member = subject === undefined ? undefined : await request.unit.member(subject);
  if (service === undefined || member?.status !== 'active')
    throw new RequestError(400, 'expired', 'not for this member to answer any more');
  return { service, member };
}

async function consentParts(request: CommunityRequest, interaction: Interaction) {
  const parts = await interactionParts(request, interaction);
  return { ...parts, asked: askedOf(parts.service, interaction) };
}

function askedOf(service: Service, { params }: Interaction): Request {
  const known = new Set([...Object.keys(CLAIMS_BY_SCOPE), 'offline_access']);
  const scopes = String(params.scope ?? '')
    .split(' ')
    .filter((scope) => known.has(scope));
  const claims = new Set<string>();
  const parameter = typeof params.claims === 'string' ? JSON.parse(params.claims) : {};
  const supported = new Set(Object.values(CLAIMS_BY_SCOPE).flat());
  for (const place of ['userinfo', 'id_token']) {
    for (const name of Object.keys(parameter[place] ?? {}))
      if (supported.has(name)) claims.add(name);
  }
  return splitRequest(service, new Set(scopes), claims);
}

/** What the service will get, with today's values, by the scope that it comes with. */
function sharesOf({ community, issuer, ctx }: CommunityRequest, member: Member, asked: Request) {
  const values = memberClaims(community, member, issuer.url);
  // Where it is the username, which is told as well, it is nothing more.
  if (asked.scopes.includes('profile') && values.localpart === values.preferred_username)
    delete values.localpart;
  const dates = datesFor(localeOf(ctx, community.locale), member.zoneinfo);
  const item = (claim: string) => claimItem(claim, values[claim], dates);
  const told = new Set<string>();
  const isNew = (claim: string) => !told.has(claim) && told.add(claim).has(claim);
  const shares = asked.scopes
    .filter((scope) => scope !== 'offline_access')
    .map((scope) => ({
      scope,
      items:
        scope === 'openid'
          ? []
          : claimsOfScopes([scope])
              .filter((claim) => values[claim] !== undefined && isNew(claim))
              .map(item),
    }))
    .filter(({ scope, items }) => scope === 'openid' || items.length > 0);
  const covered = new Set(claimsOfScopes(asked.scopes));
  const extra = asked.claims.filter(
    (claim) => !covered.has(claim) && values[claim] !== undefined && claim !== 'sub',
  );
  return extra.length > 0 ? [...shares, { scope: 'claims', items: extra.map(item) }] : shares;
}
