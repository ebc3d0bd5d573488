import type { Queryable } from '../../platform/database/database.ts';

export type OpenSession = {
  uid: string;
  issuer: string;
  userAgent: string | null;
  /** As text, without a prefix length. */
  ip: string | null;
  createdAt: Date;
  lastSeenAt: Date;
  /** The services that were opened with it. */
  clientIds: string[];
};

/** A member's open sessions, at every address of the community, the one seen last first. */
export function listSessions(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<OpenSession[]> {
  return db.query<OpenSession>(
    `SELECT uid, issuer, user_agent AS "userAgent", host(ip) AS ip, created_at AS "createdAt",
       last_seen_at AS "lastSeenAt",
       ARRAY(SELECT jsonb_object_keys(COALESCE(payload -> 'authorizations', '{}'))) AS "clientIds"
     FROM sessions WHERE community_id = $1 AND subject = $2 AND expires_at > now()
     ORDER BY last_seen_at DESC, uid LIMIT 200`,
    [communityId, subject],
  );
}
