import type {
  Bearer,
  CommunityScope,
  HubScope,
  Voucher,
} from '../../domain/api-tokens/api-token.ts';
import { findBearer, noteUse } from '../../domain/api-tokens/api-token-store.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { ApiKind, ApiParts, ApiRequest } from './api-route.ts';
import { ProblemError } from './problem.ts';

/** A program that asks, by a token. */
export type Caller = { tokenId: string; actor: Actor; bearer: Bearer };
/** By one of a community: all that it asks is of that community, and nothing else is there for it. */
export type CommunityCaller = Caller & {
  community: { id: string; slug: string };
  voucher: Voucher | undefined;
};

/** Whoever has a token that is good. */
export const anyToken: Guard<ApiKind, Caller> = {
  name: 'token',
  admit: async ({ parts, request }) => ({ who: await authenticate(parts, request) }),
};

/** A token of a community, with this scope. */
export function inCommunity(scope: CommunityScope): Guard<ApiKind, CommunityCaller> {
  return {
    name: scope,
    async admit({ parts, request }) {
      const caller = await authenticate(parts, request);
      requireScope(request, caller, scope);
      const { community, voucher } = caller.bearer;
      if (community === undefined) throw notOpen(request, scope);
      if (community.state !== 'active')
        throw new ProblemError(
          403,
          'community-closed',
          `the community is ${community.state}: nothing of it is told or changed until it is active again`,
        );
      return { who: { ...caller, community, voucher } };
    },
  };
}

/** A token of the hub, with this scope. */
export function atHub(scope: HubScope): Guard<ApiKind, Caller> {
  return {
    name: scope,
    async admit({ parts, request }) {
      const caller = await authenticate(parts, request);
      requireScope(request, caller, scope);
      if (caller.bearer.community !== undefined) throw notOpen(request, scope);
      return { who: caller };
    },
  };
}

/**
 * Bearer tokens come in the header alone (RFC 6750 §2.1): neither in a form nor in an address, which logs keep.
 * @throws ProblemError 401
 * @throws TooManyError when too much is asked by the token, or by its community
 */
async function authenticate(parts: ApiParts, request: ApiRequest): Promise<Caller> {
  const header = request.ctx.get('authorization');
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) {
    request.ctx.set('WWW-Authenticate', 'Bearer realm="trousseau"');
    throw new ProblemError(
      401,
      'unauthorized',
      'send a token of the API in the header "Authorization: Bearer trs_…"',
    );
  }
  const bearer = await findBearer(parts.database, token);
  if (bearer === undefined) throw await refuse(parts, request);
  const { tokenId, community, isNoteDue } = bearer;
  parts.floods.admit({ token: tokenId, tenant: community?.id ?? 'hub' }, 1);
  if (isNoteDue) await noteUse(parts.database, tokenId);
  return { tokenId, actor: `token:${tokenId}`, bearer };
}

/** Whoever tries many is slowed, and nobody beside them who has a right one. */
async function refuse({ throttle }: ApiParts, { ctx, ip }: ApiRequest): Promise<ProblemError> {
  const outcome = await throttle.request('wrong-token', { communityId: '', ip });
  if (!outcome.allowed) {
    ctx.set('Retry-After', String(outcome.retryAfterSeconds));
    return new ProblemError(429, 'too-many', 'too many wrong tokens came from this address');
  }
  ctx.set('WWW-Authenticate', 'Bearer realm="trousseau", error="invalid_token"');
  return new ProblemError(
    401,
    'unauthorized',
    'the token is none of this hub, has ended, or was revoked: make another one',
  );
}

function requireScope(
  request: ApiRequest,
  { bearer }: Caller,
  scope: CommunityScope | HubScope,
): void {
  if (!bearer.scopes.includes(scope)) throw notOpen(request, scope);
}

/** RFC 6750 §3.1. */
function notOpen({ ctx }: ApiRequest, scope: string): ProblemError {
  ctx.set(
    'WWW-Authenticate',
    `Bearer realm="trousseau", error="insufficient_scope", scope="${scope}"`,
  );
  return new ProblemError(
    403,
    'insufficient-scope',
    `this takes a token with the scope ${scope}: make one that has it`,
  );
}
