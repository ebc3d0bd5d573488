import type { RequestKind, ThrottledRequest } from '../../platform/throttles/request-throttle.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';

/**
 * Counts a request of a form, before it costs anything; when it is one too many, the answer says when to
 * come back.
 * @returns minutes, for the page; undefined when it is let through
 */
export async function retryAfterMinutes(
  { throttle }: Pick<WebParts, 'throttle'>,
  { community, ip, ctx }: CommunityRequest,
  kind: RequestKind,
  name?: ThrottledRequest['name'],
): Promise<number | undefined> {
  const about = { communityId: community.id, ip, ...(name !== undefined && { name }) };
  const outcome = await throttle.request(kind, about);
  if (outcome.allowed) return undefined;
  ctx.set('Retry-After', String(outcome.retryAfterSeconds));
  return Math.ceil(outcome.retryAfterSeconds / 60);
}
