import type { RequestKind } from '../../platform/throttles/request-throttle.ts';
import { type Count, type Route, routeMaker } from '../../platform/web/route.ts';
import type { CommunityRequest } from './community-request.ts';
import type { WebParts } from './web-parts.ts';

/** Pages of a community; their paths stand below its issuer. */
export type CommunityKind = {
  parts: WebParts;
  request: CommunityRequest;
  limit: RequestKind;
  extra: {
    /** Answered for a community that is paused or gone, too. */
    isAlwaysOpen?: true;
    /** Its form holds a password that is hashed: a place for that is taken before the form is read. */
    hashes?: true;
  };
};

export type CommunityRoute = Route<CommunityKind>;
export type CountRequest<Kind extends RequestKind> = Count<Kind>;

export const route = routeMaker<CommunityKind>();

/** When it is one request too many, the answer says when to come back (RFC 9110 §10.2.3). */
export function requestCounter(
  { throttle }: Pick<WebParts, 'throttle'>,
  { community, ip, ctx }: CommunityRequest,
): CountRequest<RequestKind> {
  return async (kind, name) => {
    const about = { communityId: community.id, ip, ...(name !== undefined && { name }) };
    const outcome = await throttle.request(kind, about);
    if (outcome.allowed) return undefined;
    ctx.set('Retry-After', String(outcome.retryAfterSeconds));
    return Math.ceil(outcome.retryAfterSeconds / 60);
  };
}
