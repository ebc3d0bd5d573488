import type { Database } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { type Claimed, queuedAt } from '../../platform/outbox/outbox-store.ts';
import type { Outcome } from '../../platform/outbox/retry-policy.ts';
import { nameKey } from '../../platform/text/names.ts';
import { RECOVERS } from '../address-standing.ts';
import { letsSignIn } from '../membership-standing.ts';
import { mail } from '../notices/mail.ts';
import { startMailCooldown } from '../notices/mail-cooldown.ts';

/** One account is written to no oftener, whoever asks. */
const PAUSE_MINUTES = 5;
const LINK_HOURS = 1;

declare module '../../platform/outbox/outbox.ts' {
  interface OutboxKinds {
    /** Somebody cannot sign in any more: the worker finds out whose account the name leads to. */
    'recovery-request': { login: string; issuerUrl: string; locale: Locale };
  }
}

type Account = { subject: string; email: string; locale: Locale };

/**
 * Finds out whether there is an account to recover, where no visitor can time it
 * (docs/decisions/0015-the-worker-looks-accounts-up.md), and writes to it.
 */
export async function deliverRecoveryRequest(
  { database }: { database: Database },
  { id, communityId, payload }: Claimed<'recovery-request'>,
): Promise<Outcome> {
  const { login, issuerUrl } = payload;
  await database.transaction(async (tx) => {
    const column = login.includes('@') ? 'email_key' : 'username_key';
    const [account] = await tx.query<Account>(
      `SELECT m.subject, m.email, COALESCE(m.locale, p.locale, c.locale) AS locale
       FROM memberships m JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id
       JOIN person_emails e ON e.person_id = m.person_id AND e.address = m.email
       WHERE m.community_id = $1 AND m.${column} = $2 AND c.state = 'active'
         AND ${letsSignIn('m')} AND ${RECOVERS}`,
      [communityId, nameKey(login.trim())],
    );
    if (account === undefined) return;
    const { subject, email, locale } = account;
    const whom = `${communityId}\0${subject}`;
    if (!(await startMailCooldown(tx, 'recovery-mail', whom, PAUSE_MINUTES))) return;
    await enqueue(tx, [
      mail({
        communityId,
        issuerUrl,
        template: 'recovery',
        to: email,
        locale,
        link: {
          kind: 'recovery',
          subject,
          hours: LINK_HOURS,
          // When the visitor asked: a new password since then makes the link worthless.
          details: { askedAt: await queuedAt(tx, id) },
        },
      }),
    ]);
    await recordEvents(tx, [
      { communityId, type: 'recovery.requested', actor: 'anonymous', subject },
    ]);
  });
  return { state: 'done' };
}
