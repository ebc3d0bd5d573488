import type { Transaction } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { nameKey } from '../../platform/text/names.ts';
import { type MailData, type MailTemplate, mail } from './mail.ts';

type Notice = {
  communityId: string;
  subject: string;
  issuerUrl: string;
  template: MailTemplate;
  data?: MailData;
  /** Addresses beside the member's own, such as the one before. */
  alsoTo?: readonly string[];
};

/** Whoever took over one of the person's mailboxes must not be the only one to be told of these. */
const TO_ALL_PROVEN = new Set<MailTemplate>([
  'password-changed',
  'new-device',
  'new-passkey',
  'new-app-password',
  'passkey-removed',
  'second-factor-added',
  'second-factor-removed',
  'recovery-code-used',
  'email-changed',
  'assisted-recovery-started',
  'assisted-recovery-ready',
]);

/**
 * Writes to a member at the address that they chose for this community, in their language; what concerns the
 * safety of the account goes to every address that the person has proven, too. Nobody is written to who has
 * none.
 */
export async function notifyMember(
  tx: Transaction,
  { communityId, subject, alsoTo = [], ...notice }: Notice,
): Promise<void> {
  const [member] = await tx.query<{
    chosen: string | null;
    proven: string[];
    locale: Locale;
    zone: string | null;
  }>(
    `SELECT m.email AS chosen, COALESCE(m.locale, p.locale, c.locale) AS locale, m.zoneinfo AS zone,
       ARRAY(SELECT e.address FROM person_emails e
         WHERE e.person_id = p.id AND e.proven_at IS NOT NULL ORDER BY e.created_at) AS proven
     FROM memberships m JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id
     WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
  );
  if (member === undefined) return;
  const { chosen, proven, locale, zone } = member;
  const all = [chosen ?? [], alsoTo, TO_ALL_PROVEN.has(notice.template) ? proven : []].flat();
  const addresses = new Map(all.map((address) => [nameKey(address), address]));
  const base = { communityId, ...notice, locale };
  // Times are told in the member's own zone.
  if (zone !== null) base.data = { zone, ...notice.data };
  await enqueue(
    tx,
    [...addresses.values()].map((to) => mail({ ...base, to })),
  );
}
