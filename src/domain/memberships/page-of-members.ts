import type { Queryable } from '../../platform/database/database.ts';
import { GIVEN_WORD } from '../address-standing.ts';
import { isInNow } from '../membership-standing.ts';
import type { MemberValues } from './member-change.ts';
import type { Status } from './membership-store.ts';

/** A member of the community's own with the groups that they are directly in, as files tell of them. */
export type ToldMember = Omit<MemberValues, 'pronouns'> & {
  until: Date | null;
  roleUntil: Date | null;
  /** The key of the order. */
  key: string;
  status: Status;
  emailVerified: boolean;
  /** `until`: ISO 8601. */
  groups: { name: string; until: string | null }[];
};

/**
 * Members of a community who have not left, by username, a page at a time; guests, who are the partnership's, are not
 * among them.
 * @param after the `key` of the last one of the page before
 */
export function pageOfMembers(
  db: Queryable,
  communityId: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<ToldMember[]> {
  return db.query<ToldMember>(
    `SELECT m.username_key AS key, m.username, m.display_name AS "displayName", m.given_name AS "givenName",
       m.family_name AS "familyName", m.nickname, m.email, m.locale, m.zoneinfo, m.role, m.status,
       m.until, m.role_until AS "roleUntil",
       EXISTS (SELECT FROM person_emails e WHERE e.person_id = m.person_id AND e.address = m.email
         AND ${GIVEN_WORD}) AS "emailVerified",
       COALESCE((SELECT jsonb_agg(jsonb_build_object('name', g.name, 'until', gm.until) ORDER BY g.name_key)
         FROM group_members gm JOIN groups g ON g.community_id = gm.community_id AND g.id = gm.group_id
         WHERE gm.community_id = m.community_id AND gm.subject = m.subject AND ${isInNow('gm')}), '[]') AS groups
     FROM memberships m
     WHERE m.community_id = $1 AND m.status <> 'left' AND m.origin = 'local'
       AND ($2::text IS NULL OR m.username_key > $2)
     ORDER BY m.username_key LIMIT $3`,
    [communityId, after ?? null, limit],
  );
}
