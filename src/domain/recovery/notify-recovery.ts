import type { Transaction } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { REFUSES_RECOVERY } from '../address-standing.ts';
import { mail } from '../notices/mail.ts';

type About = { communityId: string; issuerUrl: string; subject: string; recovery: string };

/** How long the link works with which the person refuses. */
const REFUSE_HOURS = 24 * 45;

/**
 * Tells the person of an assisted recovery, at every address that they have anywhere, each with a link to
 * say that it was not them. What they have elsewhere is not told to the community. After another such
 * recovery it takes a proven address: whoever kept the mailbox of before could refuse every rescue.
 */
export async function notifyRecovery(
  tx: Transaction,
  { communityId, issuerUrl, subject, recovery }: About,
  template: 'assisted-recovery-started' | 'assisted-recovery-ready',
  { by, delayHours }: { by: string; delayHours: number },
): Promise<void> {
  const rows = await tx.query<{ to: string; locale: Locale; requestedBy: string }>(
    `SELECT e.address AS to, COALESCE(m.locale, p.locale, c.locale) AS locale, a.display_name AS "requestedBy"
     FROM memberships m JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id
     JOIN person_emails e ON e.person_id = m.person_id AND ${REFUSES_RECOVERY}
     JOIN memberships a ON a.community_id = m.community_id AND a.subject = $3
     WHERE m.community_id = $1 AND m.subject = $2 ORDER BY e.address`,
    [communityId, subject, by],
  );
  await enqueue(
    tx,
    rows.map(({ to, locale, requestedBy }) =>
      mail({
        communityId,
        issuerUrl,
        template,
        to,
        locale,
        data: { requestedBy, delay: delayHours },
        link: {
          kind: 'assisted-recovery',
          subject,
          details: { recovery, refuse: true },
          hours: REFUSE_HOURS,
        },
      }),
    ),
  );
}
