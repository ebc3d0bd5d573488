import type { Transaction } from '../../platform/database/database.ts';
import { endSessionsAtServices, type ServicePlace } from './end-service-sessions.ts';

/** The members who have a session or a token at some services. */
const SIGNED_IN = `
  SELECT k.service_id AS "serviceId", x.subject FROM service_clients k CROSS JOIN LATERAL (
    SELECT s.subject FROM sessions s WHERE s.community_id = k.community_id AND s.subject IS NOT NULL
      AND s.payload -> 'authorizations' ? k.client_id
    UNION SELECT a.subject FROM oidc_artifacts a WHERE a.community_id = k.community_id AND a.subject IS NOT NULL
      AND a.client_id = k.client_id) AS x
  WHERE k.community_id = $1 AND k.service_id = ANY($2::uuid[])`;

/**
 * Ends all that apps hold: every member's part of their sessions there, and every token, those of the
 * app itself included. The apps' clients must still be stored.
 */
export async function endServices(
  tx: Transaction,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  if (serviceIds.length === 0) return;
  const places = await tx.query<ServicePlace>(SIGNED_IN, [communityId, serviceIds]);
  await endSessionsAtServices(tx, communityId, places);
  await tx.query(
    `DELETE FROM oidc_artifacts WHERE community_id = $1 AND client_id IN (
       SELECT client_id FROM service_clients WHERE community_id = $1 AND service_id = ANY($2::uuid[]))`,
    [communityId, serviceIds],
  );
}

/** Ends what members hold at services whose access rule, as stored now, lets them in no longer. */
export async function endLostAccess(
  tx: Transaction,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  if (serviceIds.length === 0) return;
  const places = await tx.query<ServicePlace>(
    `WITH RECURSIVE inside (service, id) AS (
       SELECT service_id, group_id FROM service_access_groups WHERE community_id = $1 AND service_id = ANY($2::uuid[])
       UNION SELECT i.service, n.child_id FROM group_nestings n JOIN inside i ON n.community_id = $1 AND n.parent_id = i.id),
     signed_in AS (${SIGNED_IN})
     SELECT p."serviceId", p.subject FROM signed_in p JOIN services s ON s.community_id = $1 AND s.id = p."serviceId"
     WHERE CASE s.access
       WHEN 'groups' THEN NOT EXISTS (SELECT FROM inside i JOIN group_members m ON m.community_id = $1
         AND m.group_id = i.id AND m.subject = p.subject WHERE i.service = p."serviceId")
       WHEN 'approval' THEN NOT EXISTS (SELECT FROM accounts a WHERE a.community_id = $1
         AND a.service_id = p."serviceId" AND a.subject = p.subject AND a.state = 'active')
       ELSE false END`,
    [communityId, serviceIds],
  );
  await endSessionsAtServices(tx, communityId, places);
}
