import { countMembers } from '../../domain/memberships/membership-store.ts';
import { countAccessRequests } from '../../domain/services/service-store.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { AdminFrame } from './pages.ts';

/** What stands around every admin page. */
export async function adminFrame(
  { database }: Pick<WebParts, 'database'>,
  { community, issuer }: CommunityRequest,
): Promise<AdminFrame> {
  return {
    base: `${issuer.basePath}/admin`,
    requestsWaiting:
      (await countMembers(database, community.id, { status: 'requested' })) +
      (await countAccessRequests(database, community.id)),
  };
}
