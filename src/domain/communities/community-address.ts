import type { Queryable } from '../../platform/database/database.ts';
import { hostIssuer, hubIssuer } from './issuer.ts';

/**
 * The address that people know a community by, for messages that no request of the web leads to: its own
 * host where it has one.
 */
export async function communityAddress(
  db: Queryable,
  hubUrl: URL,
  communityId: string,
): Promise<string> {
  const [row] = await db.query<{ slug: string; host: string | null }>(
    `SELECT c.slug, (SELECT h.host FROM community_hosts h
       WHERE h.community_id = c.id ORDER BY h.position, h.host LIMIT 1) AS host
     FROM communities c WHERE c.id = $1`,
    [communityId],
  );
  if (row === undefined) throw new Error('the community is gone');
  return row.host === null ? hubIssuer(hubUrl, row.slug).url : hostIssuer(row.host).url;
}
