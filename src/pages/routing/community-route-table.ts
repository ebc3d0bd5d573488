import type { CommunityRequest } from './community-request.ts';
import type { WebParts } from './web-parts.ts';

/** `params` are the groups of the path's pattern. */
export type CommunityHandler = (
  parts: WebParts,
  request: CommunityRequest,
  params: string[],
) => Promise<void>;

/** Pages of a community: method, path below the issuer, handler. Each feature has such a table. */
export type CommunityRoutes = [method: string, path: RegExp, handler: CommunityHandler][];
