import type { Transaction } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { Standing } from '../addresses/release-address.ts';
import type { Community } from '../communities/community.ts';
import { type MailMessage, mail } from '../notices/mail.ts';
import { notifyAdmins } from '../notices/notify-admins.ts';

/** What those who come in are written, and those who decide about it. */

type Place = { id: string; issuerUrl: string };

const HOURS = 24;

/** To an address that asked to register: the way on, or why there is none. */
export function registrationMail(
  { id, issuerUrl }: Place,
  { to, locale, standing }: { to: string; locale: Locale; standing: Standing },
): MailMessage {
  const base = { communityId: id, issuerUrl, to, locale };
  if (standing === 'free') {
    return mail({
      ...base,
      template: 'registration',
      link: { kind: 'registration', hours: HOURS },
    });
  }
  return mail({ ...base, template: 'registration-known', data: { standing } });
}

export function invitationMail(
  { id, issuerUrl }: Place,
  invitation: { id: string; to: string; locale: Locale; invitedBy: string },
): MailMessage {
  const { to, locale, invitedBy } = invitation;
  return mail({
    communityId: id,
    issuerUrl,
    template: 'invitation',
    to,
    locale,
    data: { invitedBy },
    link: { kind: 'invitation', invitation: invitation.id },
  });
}

/**
 * Asks a new member to prove the address that they gave. One that a member of the community has already
 * gets another message; who typed it is told the same.
 */
export async function proveAddressOf(
  tx: Transaction,
  { id, issuerUrl }: Place,
  { subject, email, locale }: { subject: string; email: string; locale: Locale },
): Promise<void> {
  const base = { communityId: id, issuerUrl, to: email, locale };
  const [known] = await tx.query(
    `SELECT 1 FROM memberships WHERE community_id = $1 AND email_key = $2 AND status <> 'left'`,
    [id, nameKey(email)],
  );
  if (known !== undefined) {
    const data = { standing: 'member' };
    await enqueue(tx, [mail({ ...base, template: 'registration-known', data })]);
    return;
  }
  await tx.query(
    `INSERT INTO person_emails (person_id, address) SELECT person_id, $3 FROM memberships
     WHERE community_id = $1 AND subject = $2 ON CONFLICT DO NOTHING`,
    [id, subject, email],
  );
  const link = { kind: 'verification' as const, subject, hours: HOURS };
  await enqueue(tx, [mail({ ...base, template: 'verification', link })]);
}

/** To every admin and owner of the community. */
export async function tellAdminsOfRequest(
  tx: Transaction,
  { community, issuerUrl, newcomer }: AskingToJoin,
): Promise<void> {
  await notifyAdmins(tx, {
    communityId: community.id,
    issuerUrl,
    template: 'request-received',
    data: { username: newcomer.username, displayName: newcomer.displayName },
  });
}

export type AskingToJoin = {
  community: Pick<Community, 'id'>;
  issuerUrl: string;
  newcomer: { username: string; displayName: string };
};
