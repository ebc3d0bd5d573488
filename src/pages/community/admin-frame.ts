import { countMembers } from '../../domain/memberships/membership-store.ts';
import { countAccessRequests } from '../../domain/services/service-store.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { AdminFrame } from './pages.ts';

/** What stands around every admin page. */
export async function adminFrame(
  { database }: Pick<WebParts, 'database'>,
  { community, issuer }: CommunityRequest,
  only?: AdminFrame['only'],
): Promise<AdminFrame> {
  if (only !== undefined) return { base: `${issuer.basePath}/admin`, requestsWaiting: 0, only };
  return {
    base: `${issuer.basePath}/admin`,
    requestsWaiting:
      (await countMembers(database, community.id, { status: 'requested' })) +
      (await countAccessRequests(database, community.id)),
  };
}
