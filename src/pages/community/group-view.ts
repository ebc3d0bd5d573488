import { listGroups } from '../../domain/groups/group-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { GroupRow } from './group-pages.ts';

/** The community's groups as the console shows them, by name. */
export async function groupRows(
  db: Queryable,
  { community, issuer }: CommunityRequest,
): Promise<GroupRow[]> {
  const groups = await listGroups(db, community.id);
  return groups.map(({ description, seats, ...group }) => ({
    ...group,
    description: description ?? undefined,
    seats: seats ?? undefined,
    url: `${issuer.basePath}/admin/groups/${group.id}`,
  }));
}
