import { endServiceSessions } from '../../domain/services/end-service-sessions.ts';
import type { ApplyRun } from './run.ts';

type Place = { service: string; subject: string };

/** The members who have a session or a token at some services. */
const SIGNED_IN = `
  SELECT k.service_id AS service, x.subject FROM service_clients k CROSS JOIN LATERAL (
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
  run: ApplyRun,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  if (serviceIds.length === 0) return;
  await endPlaces(
    run,
    communityId,
    await run.tx.query<Place>(SIGNED_IN, [communityId, serviceIds]),
  );
  await run.tx.query(
    `DELETE FROM oidc_artifacts WHERE community_id = $1 AND client_id IN (
       SELECT client_id FROM service_clients WHERE community_id = $1 AND service_id = ANY($2::uuid[]))`,
    [communityId, serviceIds],
  );
}

/** Ends what members hold at services whose access rule, as stored now, lets them in no longer. */
export async function endLostAccess(
  run: ApplyRun,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  if (serviceIds.length === 0) return;
  const places = await run.tx.query<Place>(
    `WITH RECURSIVE inside (service, id) AS (
       SELECT service_id, group_id FROM service_access_groups WHERE community_id = $1 AND service_id = ANY($2::uuid[])
       UNION SELECT i.service, n.child_id FROM group_nestings n JOIN inside i ON n.community_id = $1 AND n.parent_id = i.id),
     signed_in AS (${SIGNED_IN})
     SELECT p.service, p.subject FROM signed_in p JOIN services s ON s.community_id = $1 AND s.id = p.service
     WHERE CASE s.access
       WHEN 'groups' THEN NOT EXISTS (SELECT FROM inside i JOIN group_members m ON m.community_id = $1
         AND m.group_id = i.id AND m.subject = p.subject WHERE i.service = p.service)
       WHEN 'approval' THEN NOT EXISTS (SELECT FROM accounts a WHERE a.community_id = $1
         AND a.service_id = p.service AND a.subject = p.subject AND a.state = 'active')
       ELSE false END`,
    [communityId, serviceIds],
  );
  await endPlaces(run, communityId, places);
}

async function endPlaces(
  run: ApplyRun,
  communityId: string,
  places: readonly Place[],
): Promise<void> {
  for (const { service, subject } of places) {
    await endServiceSessions(run.tx, communityId, service, subject);
  }
}
