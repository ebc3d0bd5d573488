import type { Transaction } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { TRAIL_START } from '../retention/trail-start.ts';
import { describeDevice } from '../sessions/describe-device.ts';

type SignedInWith = {
  id: string;
  email: string;
  locale: Locale;
  userAgent: string | undefined;
  ip: string;
};

/**
 * Tells an operator of a sign-in whose browser they were not known to use, before its event is written. Their
 * first sign-in is no news; whoever is from before the trail's beginning may have had it then.
 */
export async function tellOfNewDevice(
  tx: Transaction,
  { id, email, locale, userAgent, ip }: SignedInWith,
  now = new Date(),
): Promise<void> {
  const [before] = await tx.query(
    `SELECT 1 FROM operators o WHERE o.id = $1 AND (o.created_at < ${TRAIL_START} OR EXISTS (
       SELECT FROM events e WHERE e.community_id IS NULL AND e.type = 'operator.signed-in'
         AND e.actor = 'operator:' || o.id))`,
    [id],
  );
  if (before === undefined) return;
  const { browser, system } = describeDevice(userAgent);
  const device = [browser, system].filter((part) => part !== undefined).join(', ');
  const data = {
    change: 'new-device',
    at: now.toISOString(),
    ip,
    ...(device === '' ? { context: 'unknown' } : { device }),
  };
  const payload = { to: email, locale, template: 'operator-factors' as const, data };
  await enqueue(tx, [{ kind: 'operator-mail', communityId: null, payload }]);
}
