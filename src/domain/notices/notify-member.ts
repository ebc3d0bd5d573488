import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { nameKey } from '../../platform/text/names.ts';
import { PROVEN } from '../address-standing.ts';
import { type MailData, type MailMessage, type MailTemplate, mail } from './mail.ts';

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
  'email-removed',
  'assisted-recovery-started',
  'assisted-recovery-ready',
]);

/**
 * Writes to a member at the address that they chose for this community, in their language; what concerns the
 * safety of the account goes to every address that the person has proven, too. Nobody is written to who has
 * none.
 */
export function notifyMember(
  tx: Transaction,
  { communityId, issuerUrl, template, ...about }: Notice,
): Promise<void> {
  return notifyMembers(tx, { communityId, issuerUrl, template }, [about]);
}

type Reader = {
  subject: string;
  chosen: string | null;
  proven: string[];
  locale: Locale;
  zone: string | null;
};

/** The same message for members of one community, as `notifyMember` writes it to one. */
export async function notifyMembers(
  tx: Transaction,
  message: Pick<Notice, 'communityId' | 'issuerUrl' | 'template'>,
  notices: readonly Pick<Notice, 'subject' | 'data' | 'alsoTo'>[],
): Promise<void> {
  await inBatches(notices, async (batch) => {
    const readers = await tx.query<Reader>(
      `SELECT m.subject, m.email AS chosen, COALESCE(m.locale, p.locale, c.locale) AS locale,
         m.zoneinfo AS zone, ARRAY(SELECT e.address FROM person_emails e
           WHERE e.person_id = p.id AND ${PROVEN} ORDER BY e.created_at) AS proven
       FROM unnest($2::uuid[]) AS told (subject)
         JOIN memberships m ON m.community_id = $1 AND m.subject = told.subject
         JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id`,
      [message.communityId, batch.map(({ subject }) => subject)],
    );
    const bySubject = new Map(readers.map((reader) => [reader.subject, reader]));
    await enqueue(
      tx,
      batch.flatMap((notice) => mails(message, notice, bySubject.get(notice.subject))),
    );
  });
}

function mails(
  message: Pick<Notice, 'communityId' | 'issuerUrl' | 'template'>,
  { data, alsoTo = [] }: Pick<Notice, 'data' | 'alsoTo'>,
  reader: Reader | undefined,
): MailMessage[] {
  if (reader === undefined) return [];
  const { chosen, proven, locale, zone } = reader;
  const all = [chosen ?? [], alsoTo, TO_ALL_PROVEN.has(message.template) ? proven : []].flat();
  const addresses = new Map(all.map((address) => [nameKey(address), address]));
  // Times are told in the member's own zone.
  const known = zone === null ? data : { zone, ...data };
  const base = { ...message, ...(known !== undefined && { data: known }), locale };
  return [...addresses.values()].map((to) => mail({ ...base, to }));
}
