import type { Queryable } from '../../platform/database/database.ts';
import { roleNow, statusNow } from '../membership-standing.ts';
import type { Acting } from './policy.ts';

/** What a member may do by their role and the groups that they manage; undefined for who is not of the community. */
export async function findActing(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<Acting | undefined> {
  const [row] = await db.query<Omit<Acting, 'manages'> & { manages: string[] }>(
    `SELECT m.subject, ${roleNow('m')} AS role, ${statusNow('m')} AS status,
       ARRAY(SELECT g.group_id FROM group_managers g
         WHERE g.community_id = m.community_id AND g.subject = m.subject) AS manages
     FROM memberships m WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
  );
  return row && { ...row, manages: new Set(row.manages) };
}
