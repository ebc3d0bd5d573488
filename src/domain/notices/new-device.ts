import type { Database } from '../../platform/database/database.ts';
import type { Claimed } from '../../platform/outbox/outbox-store.ts';
import type { Outcome } from '../../platform/outbox/retry-policy.ts';
import { TRAIL_START } from '../retention/trail-start.ts';
import { describeDevice } from '../sessions/describe-device.ts';
import type { MailData, NewDeviceMessage } from './mail.ts';
import { notifyMember } from './notify-member.ts';

type SignedInWith = {
  communityId: string;
  issuerUrl: string;
  subject: string;
  userAgent: string | undefined;
  ip: string;
};

/** What a sign-in sends whose browser the account was not known to use. */
export function newDeviceMessage(
  { communityId, issuerUrl, subject, userAgent, ip }: SignedInWith,
  now = new Date(),
): NewDeviceMessage {
  const { browser, system } = describeDevice(userAgent);
  return {
    kind: 'new-device',
    communityId,
    payload: {
      subject,
      issuerUrl,
      at: now.toISOString(),
      ip,
      ...(browser !== undefined && { browser }),
      ...(system !== undefined && { system }),
    },
  };
}

/** Tells the member, unless nobody had signed in to the account before. */
export async function deliverNewDevice(
  { database }: { database: Database },
  { id, communityId, payload }: Claimed<'new-device'>,
): Promise<Outcome> {
  const { subject, issuerUrl, at, ip, browser, system } = payload;
  const device = [browser, system].filter((part) => part !== undefined).join(', ');
  await database.transaction(async (tx) => {
    // The sign-in's own event was written in the same transaction as this message.
    // A member from before the trail's beginning may have signed in then.
    const [before] = await tx.query(
      `SELECT 1 FROM outbox o JOIN memberships m ON m.community_id = $1 AND m.subject = $2
       WHERE o.id = $3 AND (m.created_at < ${TRAIL_START} OR EXISTS (SELECT FROM events e
         WHERE e.community_id = $1 AND e.subject = $2 AND e.type = 'member.signed-in' AND e.at < o.created_at))`,
      [communityId, subject, id],
    );
    if (before === undefined) return;
    const data: MailData = { at, ip, ...(device === '' ? { context: 'unknown' } : { device }) };
    await notifyMember(tx, { communityId, subject, issuerUrl, template: 'new-device', data });
  });
  return { state: 'done' };
}
