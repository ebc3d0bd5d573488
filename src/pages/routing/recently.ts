import type { CommunityRequest } from './community-request.ts';
import type { CommunityHandler } from './community-route-table.ts';
import { requireSignedIn, type SignedIn } from './signed-in.ts';
import type { WebParts } from './web-parts.ts';

type Handler = (
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  id: string,
) => Promise<void>;

/**
 * A page for whoever has just shown that it is them, with what the path names: what guards an account,
 * what cannot be undone, and all of somebody's data. Everybody else signs in first and comes back.
 */
export const recently =
  (handler: Handler): CommunityHandler =>
  async (parts, request, [id = '']) => {
    const who = await requireSignedIn(request, { recent: true });
    if (who !== undefined) await handler(parts, request, who, id);
  };
