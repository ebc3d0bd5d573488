import type { Queryable } from '../../platform/database/database.ts';
import type { Service } from '../communities/community.ts';
import { loadCommunity } from '../communities/community-store.ts';
import { type Access, accessTo, MEMBER_JSON, type Member } from '../memberships/member.ts';

export type AccountState = 'requested' | 'active' | 'blocked' | 'removed';

/** All services of a community, in their display order. */
export async function listServices(db: Queryable, communityId: string): Promise<Service[]> {
  return (await loadCommunity(db, { id: communityId }))?.services ?? [];
}

export async function findServiceBySlug(
  db: Queryable,
  communityId: string,
  slug: string,
): Promise<Service | undefined> {
  return (await listServices(db, communityId)).find((service) => service.slug === slug);
}

/**
 * Whether a member may use a service now, by the one rule that sign-in knows, too (`accessTo`);
 * undefined when the service or the member is not of this community.
 */
export async function accessOf(
  db: Queryable,
  communityId: string,
  serviceId: string,
  subject: string,
): Promise<Access | undefined> {
  const community = await loadCommunity(db, { id: communityId });
  const service = community?.services.find(({ id }) => id === serviceId);
  const [row] = await db.query<{ member: Member }>(
    `SELECT ${MEMBER_JSON} AS member FROM memberships m WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
  );
  if (community === undefined || service === undefined || row === undefined) return undefined;
  return accessTo(community, service, row.member);
}

export type AccessRequest = {
  service: string;
  serviceId: string;
  serviceName: string;
  subject: string;
  username: string;
  displayName: string;
  requestedAt: Date;
};

/** Who waits to be let in, to one service or to all, the longest waiting first. */
export function listAccessRequests(
  db: Queryable,
  communityId: string,
  serviceId?: string,
): Promise<AccessRequest[]> {
  return db.query<AccessRequest>(
    `SELECT s.slug AS service, s.id AS "serviceId", s.name AS "serviceName", m.subject, m.username, m.display_name AS "displayName",
       a.updated_at AS "requestedAt"
     FROM accounts a
     JOIN services s ON s.community_id = a.community_id AND s.id = a.service_id
     JOIN memberships m ON m.community_id = a.community_id AND m.subject = a.subject
     WHERE a.community_id = $1 AND a.state = 'requested' AND m.status = 'active'
       AND ($2::uuid IS NULL OR a.service_id = $2)
     ORDER BY a.updated_at, m.username_key LIMIT 500`,
    [communityId, serviceId ?? null],
  );
}

/** How many wait for an answer of the community's admins. */
export async function countAccessRequests(db: Queryable, communityId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM accounts a
     JOIN memberships m ON m.community_id = a.community_id AND m.subject = a.subject AND m.status = 'active'
     WHERE a.community_id = $1 AND a.state = 'requested'`,
    [communityId],
  );
  return row?.count ?? 0;
}
