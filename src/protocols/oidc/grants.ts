import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { Community, Service } from '../../domain/communities/community.ts';
import { claimsOfScopes } from './claims.ts';
import { serviceOfClient } from './clients.ts';
import { currentUnit } from './request-scope.ts';

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
  const allowedClaims = new Set([...claimsOfScopes(allowedScopes), ...ALWAYS]);
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

/** Claims that every ID token may hold, whatever was granted. */
const ALWAYS = ['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss'];

/**
 * The grant that lets a request pass without a question: the session's own, or a new one where the
 * member has seen (or agreed to) all that is asked before, in whatever browser. What the service may
 * have is read anew each time: a grant from before it changed neither gives more nor holds back.
 */
export async function loadExistingGrant(
  community: Community,
  ctx: KoaContextWithOIDC,
): Promise<Grant | undefined> {
  const { client, session, provider } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const service = serviceOfClient(community, client.clientId);
  if (service === undefined) return undefined;
  const grantId = ctx.oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const asked = splitRequest(service, ctx.oidc.requestParamOIDCScopes, ctx.oidc.requestParamClaims);
  const own = existing?.accountId === session.accountId ? existing : undefined;
  const grant = own !== undefined && holdsBack(own, asked) ? undefined : own;
  if (grant !== undefined && covers(grant, asked)) return grant;
  if (!(await hasSeen(service, session.accountId, asked))) return grant;

  const extended =
    grant ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  extendGrant(extended, asked);
  await extended.save();
  return extended;
}

/** Whether the member was told of all this before; a third party's must have been asked, not told. */
async function hasSeen(service: Service, subject: string, asked: Request): Promise<boolean> {
  const consent = await currentUnit().consentFor(service.id, subject);
  if (consent === undefined) return false;
  if (service.trust === 'third-party' && consent.kind !== 'consent') return false;
  const claims = new Set([...consent.claims, ...claimsOfScopes(consent.scopes), ...ALWAYS]);
  return (
    asked.scopes.every((scope) => consent.scopes.includes(scope)) &&
    asked.claims.every((claim) => claims.has(claim))
  );
}

/** Whether the grant refuses what the service may have by now. */
function holdsBack(grant: Grant, asked: Request): boolean {
  const refused = new Set(grant.getRejectedOIDCScope().split(' '));
  const refusedClaims = new Set(grant.getRejectedOIDCClaims());
  return (
    asked.scopes.some((scope) => refused.has(scope)) ||
    asked.claims.some((claim) => refusedClaims.has(claim))
  );
}

/** Whether nothing is asked that the grant does not already answer, with yes or no. */
function covers(grant: Grant, asked: Request): boolean {
  const scopes = new Set(grant.getOIDCScopeEncountered().split(' '));
  const claims = new Set(grant.getOIDCClaimsEncountered());
  return (
    [...asked.scopes, ...asked.refusedScopes].every((scope) => scopes.has(scope)) &&
    [...asked.claims, ...asked.refusedClaims].every(
      (claim) => claims.has(claim) || ALWAYS.includes(claim),
    )
  );
}
