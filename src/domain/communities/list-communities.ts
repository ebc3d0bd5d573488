import type { Queryable } from '../../platform/database/database.ts';
import type { Community } from './community.ts';

export type ListedCommunity = Pick<
  Community,
  'id' | 'slug' | 'name' | 'locale' | 'state' | 'registration' | 'hosts'
> & {
  ldapBase: string;
  /** Active ones. */
  members: number;
  services: number;
  createdAt: Date;
};

const LISTED = `SELECT c.id, c.slug, c.name, c.locale, c.state, c.registration, c.ldap_base AS "ldapBase",
  ARRAY(SELECT h.host FROM community_hosts h WHERE h.community_id = c.id ORDER BY h.position, h.host) AS hosts,
  (SELECT count(*)::int FROM memberships m WHERE m.community_id = c.id AND m.status = 'active') AS members,
  (SELECT count(*)::int FROM services s WHERE s.community_id = c.id) AS services,
  c.created_at AS "createdAt" FROM communities c`;

/** Every community of the hub, whatever its state, by slug: for operators. */
export function listCommunities(db: Queryable): Promise<ListedCommunity[]> {
  return db.query<ListedCommunity>(`${LISTED} ORDER BY c.slug`);
}

export async function findCommunityBySlug(
  db: Queryable,
  slug: string,
): Promise<ListedCommunity | undefined> {
  const [row] = await db.query<ListedCommunity>(`${LISTED} WHERE c.slug = $1`, [slug]);
  return row;
}

/** What the hub's first page says of a community. */
export type PublicCommunity = Pick<
  Community,
  'slug' | 'name' | 'description' | 'town' | 'logoHash'
>;

/** Communities that want to be found, by name. */
export function listPublicCommunities(db: Queryable): Promise<PublicCommunity[]> {
  return db.query<PublicCommunity>(
    `SELECT c.slug, c.name, c.description, c.town,
       (SELECT encode(l.sha256, 'hex') FROM community_logos l WHERE l.community_id = c.id) AS "logoHash"
     FROM communities c WHERE c.state = 'active' AND c.listed ORDER BY c.name LIMIT 200`,
  );
}
