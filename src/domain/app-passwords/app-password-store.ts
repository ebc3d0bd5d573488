import type { Queryable } from '../../platform/database/database.ts';

export type AppPassword = {
  id: string;
  /** What the member calls it, such as "mail on my phone". */
  name: string;
  serviceId: string;
  /** Slug of the service. */
  service: string;
  createdAt: Date;
  /** To the hour; null when it was never used. */
  lastUsedAt: Date | null;
};

/** A member's app passwords, the newest first. The secrets are not kept: nobody can list them. */
export function listAppPasswords(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<AppPassword[]> {
  return db.query<AppPassword>(
    `SELECT w.id, w.name, w.service_id AS "serviceId", s.slug AS service, w.created_at AS "createdAt",
       w.last_used_at AS "lastUsedAt"
     FROM app_passwords w JOIN services s ON s.community_id = w.community_id AND s.id = w.service_id
     WHERE w.community_id = $1 AND w.subject = $2 ORDER BY w.created_at DESC, w.id`,
    [communityId, subject],
  );
}
