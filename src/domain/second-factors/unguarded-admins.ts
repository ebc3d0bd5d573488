import type { Queryable } from '../../platform/database/database.ts';

export type UnguardedAdmin = {
  subject: string;
  username: string;
  displayName: string;
  email: string | null;
};

/** Those who can change the community, and for whom a stolen password would be enough. */
export function listUnguardedAdmins(
  db: Queryable,
  communityId: string,
  limit: number,
): Promise<UnguardedAdmin[]> {
  return db.query<UnguardedAdmin>(
    `SELECT m.subject, m.username, m.display_name AS "displayName", m.email FROM memberships m
     WHERE m.community_id = $1 AND m.status = 'active' AND m.role <> 'member'
       AND NOT has_second_factor(m.person_id)
     ORDER BY m.username_key LIMIT $2`,
    [communityId, limit],
  );
}
