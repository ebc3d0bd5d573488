import type { Transaction } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Role } from '../memberships/membership-store.ts';
import { invitationMail } from '../registration/messages.ts';
import { createInvitation, type NewInvitation } from './create-invitation.ts';
import { requireRoomForMails } from './mail-limits.ts';

type Sending = {
  community: { id: string; issuerUrl: string };
  invitation: Omit<NewInvitation, 'maxUses' | 'email'>;
  addresses: readonly string[];
  by: { subject: string; role: Role; displayName: string };
  /** Of the mails: nobody knows yet what those who are invited read. */
  locale: Locale;
};

/**
 * Makes an invitation for each address, good for one person, and sends it there.
 * @throws RefusedError `invitation-role`
 * @throws InvitationMailsError when that is more than may be sent in a day
 * @throws NotFoundError when a group is not of this community
 */
export async function sendInvitations(
  tx: Transaction,
  sealer: Sealer,
  { community, invitation, addresses, by, locale }: Sending,
): Promise<void> {
  const { subject } = by;
  await requireRoomForMails(tx, { communityId: community.id, subject, count: addresses.length });
  for (const email of addresses) {
    const one = { ...invitation, maxUses: 1, email };
    const { id } = await createInvitation(tx, sealer, community.id, one, by);
    await enqueue(tx, [
      invitationMail(community, { id, to: email, locale, invitedBy: by.displayName }),
    ]);
  }
}
