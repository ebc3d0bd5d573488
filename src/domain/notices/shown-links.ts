import type { Queryable } from '../../platform/database/database.ts';

/** A link of a kept message that an operator had shown to them. */
export type ShownLink = { at: Date; link: string; operator: string | null };

const MOST = 20;
const DAYS = 90;

/** The latest ones of a community, for its admins to see. */
export function listShownLinks(db: Queryable, communityId: string): Promise<ShownLink[]> {
  return db.query<ShownLink>(
    `SELECT e.at, e.details ->> 'link' AS link, o.email AS operator
     FROM events e LEFT JOIN operators o ON e.actor = 'operator:' || o.id
     WHERE e.community_id = $1 AND e.type = 'kept-mail.link-shown' AND e.at > now() - $2 * interval '1 day'
     ORDER BY e.id DESC LIMIT $3`,
    [communityId, DAYS, MOST],
  );
}
