import { sqlState, type Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { nameKey } from '../../platform/text/names.ts';
import { PROVEN } from '../address-standing.ts';
import { endLinks } from '../links/link-store.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { isAnothersAddress } from './address-store.ts';
import { releaseAddress } from './release-address.ts';

type Choice = { communityId: string; subject: string; issuerUrl: string; address: string };

/**
 * Has a community use an address of the member's from now on, which must be proven. Tells the address
 * before, the new one, and every other that the person has proven.
 * @returns what stands in the way; undefined when it is done
 * @throws a unique violation when another member takes the address at the same moment: see `isTakenNow`
 */
export async function chooseAddress(
  tx: Transaction,
  { communityId, subject, issuerUrl, address }: Choice,
): Promise<'unproven' | 'taken' | undefined> {
  const [member] = await tx.query<{ before: string | null; isProven: boolean }>(
    `SELECT m.email AS before, EXISTS (SELECT 1 FROM person_emails e
       WHERE e.person_id = m.person_id AND e.address = $3 AND ${PROVEN}) AS "isProven"
     FROM memberships m WHERE m.community_id = $1 AND m.subject = $2 FOR NO KEY UPDATE OF m`,
    [communityId, subject, address],
  );
  if (!member?.isProven) return 'unproven';
  const { before } = member;
  if (before === address) return undefined;
  if (await isAnothersAddress(tx, communityId, subject, address)) return 'taken';
  await releaseAddress(tx, communityId, address);
  await tx.query(
    `UPDATE memberships SET email = $3, email_key = $4, updated_at = now()
     WHERE community_id = $1 AND subject = $2`,
    [communityId, subject, address, nameKey(address)],
  );
  // Whoever still reads the address before must not get in by a link that was sent there.
  await endLinks(tx, communityId, ['recovery'], subject);
  await recordEvents(tx, [
    {
      communityId,
      type: 'email.chosen',
      actor: `member:${subject}`,
      subject,
      details: { before, to: address },
    },
  ]);
  await notifyMember(tx, {
    communityId,
    subject,
    issuerUrl,
    template: 'email-changed',
    data: { address },
    ...(before !== null && { alsoTo: [before] }),
  });
  return undefined;
}

/** Whether a change failed because another member of the community took the address meanwhile. */
export function isTakenNow(error: unknown): boolean {
  return (
    sqlState(error) === '23505' &&
    (error as { constraint?: string }).constraint === 'uq_memberships_email'
  );
}
