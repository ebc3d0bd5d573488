import type { Service } from '../domain/communities/community.ts';
import type { ListedCommunity } from '../domain/communities/list-communities.ts';
import type { Outcome } from './output.ts';
import { type Hub, withHub } from './with-hub.ts';

type Found = Hub & { community: ListedCommunity; service: Service };

/** Runs a command about one service, once community and service are found. */
export function withService(
  slug: string,
  name: string,
  work: (found: Found) => Promise<Outcome>,
): Promise<Outcome> {
  return withHub(async (hub) => {
    const { requireCommunity, requireService } = await import('./resolve.ts');
    const community = await requireCommunity(hub.database, slug);
    return work({
      ...hub,
      community,
      service: await requireService(hub.database, community, name),
    });
  });
}
