import type { Transaction } from '../database/database.ts';
import type { Locale } from '../i18n/locale.ts';
import { enqueue } from '../outbox/outbox.ts';
import { type MailTemplate, mail } from './mail.ts';

type Notice = {
  communityId: string;
  subject: string;
  issuerUrl: string;
  template: MailTemplate;
  data?: Record<string, string | number | boolean>;
};

/**
 * Writes to a member at the address that they chose for this community, in their language. Nobody is
 * written to who has none.
 */
export async function notifyMember(
  tx: Transaction,
  { communityId, subject, ...notice }: Notice,
): Promise<void> {
  const [row] = await tx.query<{ to: string | null; locale: Locale }>(
    `SELECT m.email AS to, COALESCE(m.locale, p.locale, c.locale) AS locale
     FROM memberships m JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id
     WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
  );
  if (row?.to == null) return;
  await enqueue(tx, [mail({ communityId, ...notice, to: row.to, locale: row.locale })]);
}
