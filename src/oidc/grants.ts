import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { Community, Service } from '../communities/community.ts';
import { claimsOfScopes } from './claims.ts';
import { serviceOfClient } from './clients.ts';
import { currentUnit } from './unit-of-work.ts';

/** What one request asks of a service's member, split by what the service may have at all. */
export type Request = {
  scopes: string[];
  claims: string[];
  refusedScopes: string[];
  refusedClaims: string[];
};

/** Splits a request's scopes and claims into what the service may get and what it may not. */
export function splitRequest(
  service: Service,
  scopes: Iterable<string>,
  claims: Iterable<string>,
): Request {
  const allowedScopes = new Set([...(service.client?.scopes ?? []), 'openid']);
  const allowedClaims = new Set([
    ...claimsOfScopes(allowedScopes),
    'sub',
    'sid',
    'auth_time',
    'acr',
    'amr',
    'iss',
  ]);
  const asked = { scopes: [...scopes], claims: [...claims] };
  return {
    scopes: asked.scopes.filter((scope) => allowedScopes.has(scope)),
    claims: asked.claims.filter((claim) => allowedClaims.has(claim)),
    refusedScopes: asked.scopes.filter((scope) => !allowedScopes.has(scope)),
    refusedClaims: asked.claims.filter((claim) => !allowedClaims.has(claim)),
  };
}

/** Puts a request's scopes and claims into a grant: what may be had as given, the rest as refused. */
export function extendGrant(grant: Grant, request: Request): void {
  if (request.scopes.length > 0) grant.addOIDCScope(request.scopes.join(' '));
  if (request.claims.length > 0) grant.addOIDCClaims(request.claims);
  if (request.refusedScopes.length > 0) grant.rejectOIDCScope(request.refusedScopes.join(' '));
  if (request.refusedClaims.length > 0) grant.rejectOIDCClaims(request.refusedClaims);
}

/**
 * The grant that lets a request pass without a question: the session's own, or a new one where the
 * member has seen (or agreed to) all that is asked before, in whatever browser.
 */
export async function loadExistingGrant(
  community: Community,
  ctx: KoaContextWithOIDC,
): Promise<Grant | undefined> {
  const { client, session, provider } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grantId = ctx.oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = existing?.accountId === session.accountId ? existing : undefined;
  if (grant !== undefined && covers(grant, ctx)) return grant;

  const service = serviceOfClient(community, client.clientId);
  if (service === undefined) return grant;
  const consent = await currentUnit().consentFor(service.id, session.accountId);
  if (consent === undefined) return grant;
  const request = splitRequest(
    service,
    ctx.oidc.requestParamOIDCScopes,
    ctx.oidc.requestParamClaims,
  );
  const known = new Set([
    ...consent.claims,
    ...claimsOfScopes(consent.scopes),
    'sub',
    'sid',
    'auth_time',
    'acr',
    'amr',
    'iss',
  ]);
  const seen =
    request.scopes.every((scope) => consent.scopes.includes(scope)) &&
    request.claims.every((claim) => known.has(claim));
  if (!seen) return grant;

  const extended =
    grant ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  extendGrant(extended, request);
  await extended.save();
  return extended;
}

/** Whether nothing is asked that the grant does not already answer, with yes or no. */
function covers(grant: Grant, ctx: KoaContextWithOIDC): boolean {
  const scopes = new Set(grant.getOIDCScopeEncountered().split(' '));
  const claims = new Set(grant.getOIDCClaimsEncountered());
  const always = ['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss'];
  return (
    [...ctx.oidc.requestParamOIDCScopes].every((scope) => scopes.has(scope)) &&
    [...ctx.oidc.requestParamClaims].every((claim) => claims.has(claim) || always.includes(claim))
  );
}
