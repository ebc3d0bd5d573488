import type { Database } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import type { Claimed } from '../../platform/outbox/outbox-store.ts';
import type { Outcome } from '../../platform/outbox/retry-policy.ts';
import { nameKey } from '../../platform/text/names.ts';
import { standingOf } from '../addresses/release-address.ts';
import { startMailCooldown } from '../notices/mail-cooldown.ts';
import { registrationMail } from './messages.ts';

declare module '../../platform/outbox/outbox.ts' {
  interface OutboxKinds {
    /** Somebody asked to register with an address: the worker finds out what to write to it. */
    'registration-request': { email: string; issuerUrl: string; locale: Locale };
  }
}

/** One address is written to no oftener, whoever asks. */
const PAUSE_MINUTES = 5;

/**
 * Finds out what there is to do for an address that asked to register, where no visitor can time it
 * (docs/decisions/0015), and writes to it. A repeat falls into the pause and does nothing.
 */
export async function deliverRegistrationRequest(
  { database }: { database: Database },
  { communityId, payload }: Claimed<'registration-request'>,
): Promise<Outcome> {
  const { email, issuerUrl, locale } = payload;
  await database.transaction(async (tx) => {
    const [community] = await tx.query<{ registration: string }>(
      `SELECT registration FROM communities WHERE id = $1 AND state = 'active'`,
      [communityId],
    );
    // Closed in the meantime: the page says so now.
    if (community?.registration !== 'open' && community?.registration !== 'approval') return;
    const address = `${communityId}\0${nameKey(email)}`;
    if (!(await startMailCooldown(tx, 'registration-mail', address, PAUSE_MINUTES))) return;
    const standing = await standingOf(tx, communityId, email);
    const place = { id: communityId, issuerUrl };
    await enqueue(tx, [registrationMail(place, { to: email, locale, standing })]);
  });
  return { state: 'done' };
}
