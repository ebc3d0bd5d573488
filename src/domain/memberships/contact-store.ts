import type { Queryable } from '../../platform/database/database.ts';
import { isActive, roleNow } from '../membership-standing.ts';

/** Whom members may ask: the community's owners and admins, owners first. */
export async function findContacts(
  db: Queryable,
  communityId: string,
): Promise<{ displayName: string; email?: string }[]> {
  const rows = await db.query<{ displayName: string; email: string | null }>(
    `SELECT display_name AS "displayName", email FROM memberships m
     WHERE community_id = $1 AND ${isActive('m')} AND ${roleNow('m')} <> 'member'
     ORDER BY role = 'owner' DESC, display_name LIMIT 5`,
    [communityId],
  );
  return rows.map(({ displayName, email }) => ({ displayName, email: email ?? undefined }));
}
