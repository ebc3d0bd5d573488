import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { endServiceSessions } from './end-service-sessions.ts';

/**
 * A member takes back what they agreed to give to a service: its grants and tokens end, it is told that
 * they are signed out, and it has to ask again. What it has been given it has: that stays noted.
 * @returns whether there was anything to take back
 */
export async function withdrawConsent(
  tx: Transaction,
  communityId: string,
  serviceId: string,
  subject: string,
): Promise<boolean> {
  const withdrawn = await tx.query(
    `DELETE FROM consents WHERE community_id = $1 AND service_id = $2 AND subject = $3 RETURNING 1`,
    [communityId, serviceId, subject],
  );
  if (withdrawn.length === 0) return false;
  await endServiceSessions(tx, communityId, serviceId, subject);
  const actor = `member:${subject}` as const;
  await recordEvents(tx, [{ communityId, type: 'consent.withdrawn', actor, subject, serviceId }]);
  return true;
}
