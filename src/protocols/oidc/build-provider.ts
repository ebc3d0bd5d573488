import type Provider from 'oidc-provider';
import type { ClientAuthMethod, Configuration, JWKS, KoaContextWithOIDC } from 'oidc-provider';
import { CLIENT_AUTH_METHODS } from '../../domain/clients/service-choices.ts';
import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import { accessTo } from '../../domain/memberships/member.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import { ACR_MULTI_FACTOR, ACR_SINGLE_FACTOR } from '../../domain/sessions/authentication.ts';
import { SIGNING_ALGS } from '../../domain/signing-keys/signing-algs.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { createCookieKeys } from '../../platform/secrets/cookie-keys.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/units.ts';
import { createAdapterFactory } from './adapter.ts';
import { answerAsRequestObjectSays } from './answer-request-object.ts';
import { leadAnswersOn } from './answered-requests.ts';
import { CLAIMS_BY_SCOPE, claimsForUse, grantedClaims, memberClaims } from './claims.ts';
import { setClientRules } from './client-rules.ts';
import { clientsOf, serviceOfClient } from './clients.ts';
import { leadFormsOn } from './forms-sent-twice.ts';
import { loadExistingGrant } from './grants.ts';
import { buildPolicy, promptValues } from './interaction-policy.ts';
import * as pages from './provider-pages.ts';
import { createRefreshTokenValues, nameGrants } from './refresh-token-value.ts';
import { currentUnit } from './request-scope.ts';
import {
  logoutSource,
  recordSignOuts,
  sendLogoutsThroughOutbox,
  tellOnGoodbye,
} from './sign-out.ts';
import { storeBeforeAnswering } from './store-before-answering.ts';
import { ProviderWithOwnPages, showOwnForms } from './submit-pages.ts';
import { takeClientCredentials } from './take-client-credentials.ts';

/** Lifetimes, in seconds. */
export const SESSION_TTL = 14 * DAY;

const AUTH_METHODS: ClientAuthMethod[] = [...CLIENT_AUTH_METHODS];

export type ProviderParts = {
  community: Community;
  issuer: Issuer;
  /** Private keys of the community: those that sign first, all of them published. */
  jwks: JWKS;
  sealer: Sealer;
  outbound: Outbound;
};

/**
 * One OpenID provider for one issuer of a community. It holds no state of its own: it is thrown away
 * and built anew whenever the community, its services or its keys change.
 */
export function buildProvider(parts: ProviderParts): Provider {
  const { community, issuer, sealer } = parts;
  const clients = clientsOf(community, issuer.url, sealer);
  const goodbye = tellOnGoodbye(community, sealer);
  const config = configuration(parts, goodbye.postLogoutSuccessSource);
  const provider = new ProviderWithOwnPages(issuer.url, { ...config, clients });
  setClientRules(provider, community);
  // The edge has already decided what the forwarded headers are worth, and set them itself.
  provider.proxy = true;
  provider.use(storeBeforeAnswering(sealer));
  provider.use(leadAnswersOn(provider, sealer, community.id));
  provider.use(takeClientCredentials(clients));
  provider.use(answerAsRequestObjectSays);
  provider.use(showOwnForms);
  provider.use(leadFormsOn(sealer));
  provider.use(goodbye.middleware);
  sendLogoutsThroughOutbox(provider, community, issuer);
  recordSignOuts(provider);
  pages.keepLateSessions(provider);
  nameGrants(provider, createRefreshTokenValues(parts.sealer, community.id));
  return provider;
}

function configuration(
  parts: ProviderParts,
  postLogoutSuccessSource: (ctx: KoaContextWithOIDC) => void,
): Configuration {
  const { community, issuer, jwks, sealer, outbound } = parts;
  const cookiePath = issuer.basePath === '' ? '/' : issuer.basePath;
  return {
    adapter: createAdapterFactory(sealer, createRefreshTokenValues(sealer, community.id)),
    jwks,
    fetch: (input, init) => outbound.fetch(input instanceof Request ? input.url : input, init),
    clientDefaults: { grant_types: ['authorization_code'], response_types: ['code'] },
    responseTypes: ['code'],
    scopes: [...Object.keys(CLAIMS_BY_SCOPE), 'offline_access'],
    claims: CLAIMS_BY_SCOPE,
    acrValues: [ACR_SINGLE_FACTOR, ACR_MULTI_FACTOR],
    conformIdTokenClaims: false,
    subjectTypes: ['public'],
    enabledJWA: { idTokenSigningAlgValues: [...SIGNING_ALGS] },
    clientAuthMethods: AUTH_METHODS,
    discovery: {
      // Where these are left out, RFC 8414 has clients believe in basic alone.
      introspection_endpoint_auth_methods_supported: AUTH_METHODS,
      revocation_endpoint_auth_methods_supported: AUTH_METHODS,
      request_parameter_supported: false,
      prompt_values_supported: promptValues(community),
    },
    routes: routes(),
    interactions: {
      policy: buildPolicy(community),
      url: (_ctx, interaction) =>
        `${issuer.basePath}/${interaction.prompt.name}/${interaction.uid}`,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: { enabled: false },
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        // A mail server asks about the token that a webmail got (RFC 7662 §2.1): whoever has the secret of
        // a service of this community, and the token, may; who has no secret may ask about their own.
        allowedPolicy: (_ctx, client, token) =>
          client.clientAuthMethod !== 'none' || token.clientId === client.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: pages.userCodeInputSource,
        userCodeConfirmSource: pages.userCodeConfirmSource,
        successSource: pages.deviceSuccessSource,
        deviceInfo: ({ ip, headers }) => ({ ip, ua: headers['user-agent']?.slice(0, 500) }),
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource,
        postLogoutSuccessSource,
      },
    },
    pkce: {
      required: (_ctx, client) =>
        client.tokenEndpointAuthMethod === 'none' ||
        (serviceOfClient(community, client.clientId)?.client?.requirePkce ?? false),
    },
    cookies: {
      // The signature's key belongs to this community on this host: the cookie is worth nothing elsewhere.
      keys: createCookieKeys(sealer.derive(`cookies:${community.id}:${issuer.url}`)),
      names: cookieNames(community, issuer),
      long: { signed: true, httpOnly: true, sameSite: 'lax', path: cookiePath },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: MINUTE,
      ClientCredentials: 10 * MINUTE,
      DeviceCode: 10 * MINUTE,
      Grant: 365 * DAY,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: 30 * DAY,
      Session: (_ctx, session) =>
        session.accountId === undefined ? pages.VISITOR_SESSION_TTL : SESSION_TTL,
    },
    // Scripts of an app may read userinfo from the app's own pages, and the rest where they hold no secret.
    clientBasedCORS: (ctx, origin, client) =>
      (ctx.oidc.route === 'userinfo' || client.clientAuthMethod === 'none') &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') &&
      (code.scopes.has('offline_access') ||
        serviceOfClient(community, client.clientId)?.trust === 'first-party'),
    loadExistingGrant: (ctx) => loadExistingGrant(community, ctx),
    findAccount: (ctx, subject, token) => findAccount(parts, ctx, subject, token),
    renderError: pages.renderError,
  };
}

/** Endpoints stand under ISSUER/oidc/. */
function routes(): Configuration['routes'] {
  return {
    authorization: '/oidc/auth',
    backchannel_authentication: '/oidc/backchannel',
    code_verification: '/oidc/device',
    device_authorization: '/oidc/device/auth',
    end_session: '/oidc/session/end',
    introspection: '/oidc/token/introspection',
    jwks: '/oidc/jwks',
    pushed_authorization_request: '/oidc/request',
    registration: '/oidc/reg',
    revocation: '/oidc/token/revocation',
    token: '/oidc/token',
    userinfo: '/oidc/me',
  };
}

function cookieNames(community: Community, issuer: Issuer) {
  // On a host of its own a community may claim the whole host (RFC 6265bis §4.1.3.2).
  const prefix = issuer.basePath === '' ? '__Host-trousseau' : `trousseau_${community.slug}`;
  const short = issuer.basePath === '' ? 'trousseau' : `trousseau_${community.slug}`;
  return {
    session: `${prefix}_session`,
    interaction: `${short}_interaction`,
    resume: `${short}_resume`,
  };
}

/**
 * The member behind a subject, if they may use the client's service now: asked at each authorization,
 * token, refresh and userinfo request, so that taking away is immediate.
 */
async function findAccount(
  { community, issuer }: ProviderParts,
  ctx: KoaContextWithOIDC,
  subject: string,
  token?: { kind?: string; acr?: string },
) {
  const member = await currentUnit().member(subject);
  if (member === undefined || member.status !== 'active') return undefined;
  // What a sign-in gave from before the community asked for two factors is not renewed.
  const { inForce } = secondFactorRequirement(community, member);
  if (inForce && token?.kind === 'RefreshToken' && token.acr !== ACR_MULTI_FACTOR) return undefined;
  const service = serviceOfClient(community, ctx.oidc.client?.clientId ?? '');
  if (service === undefined) return undefined;
  // At the authorization endpoint the policy says no, with a page that says why.
  const asks = ['authorization', 'resume', 'code_verification', 'device_resume'].includes(
    ctx.oidc.route,
  );
  if (!asks && !accessTo(community, service, member).allowed) return undefined;
  return {
    accountId: subject,
    claims: async (
      use: string,
      scope: string,
      asked: Record<string, unknown> = {},
      rejected: string[] = [],
    ) => {
      const values = memberClaims(community, member, issuer.url);
      const given = { sub: subject, ...claimsForUse(service, use, values, asked) };
      const claims = grantedClaims(given, scope, asked, rejected);
      currentUnit().disclose({ serviceId: service.id, subject, claims });
      return given;
    },
  };
}
