import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { RECOVERS } from '../address-standing.ts';
import { endLinks, type Link, spendLink } from '../links/link-store.ts';
import { letsSignIn } from '../membership-standing.ts';
import { setPassword } from '../memberships/set-password.ts';

/** Whose account a recovery link opens. */
export type Recoverable = {
  subject: string;
  personId: string;
  username: string;
  words: (string | null)[];
  secondFactor: boolean;
};

/**
 * The member of a link, if the link still recovers their account: the address is still theirs, it still
 * counts for that, they may still come in, and the password was not changed since it was asked for: who is
 * warned by the message changes it, and whoever reads their mail must not undo that.
 */
export async function recoverableBy(
  tx: Pick<Transaction, 'query'>,
  communityId: string,
  { subject, email, details, createdAt }: Pick<Link, 'subject' | 'email' | 'details' | 'createdAt'>,
): Promise<Recoverable | undefined> {
  const [row] = await tx.query<Recoverable>(
    `SELECT m.subject, m.person_id AS "personId", m.username, has_second_factor(m.person_id) AS "secondFactor",
       ARRAY[m.username, m.display_name, m.given_name, m.family_name, m.nickname, m.email] AS words
     FROM memberships m JOIN persons p ON p.id = m.person_id JOIN person_emails e ON e.person_id = m.person_id AND e.address = m.email
     WHERE m.community_id = $1 AND m.subject = $2 AND m.email = $3
       AND ${letsSignIn('m')} AND ${RECOVERS}
       AND (p.password_changed_at IS NULL OR p.password_changed_at <= $4)`,
    [communityId, subject, email, details.askedAt ?? createdAt],
  );
  return row;
}

/**
 * Uses a recovery link up: a new password, and every session ended. Second factors stay. Whoever opened
 * the link has proven the address.
 * @returns undefined when the link was used, has expired, or opens nothing any more
 */
export async function resetByLink(
  tx: Transaction,
  community: { communityId: string; issuerUrl: string },
  token: string,
  password: { hash: string; isShort: boolean },
): Promise<{ subject: string } | undefined> {
  const { communityId, issuerUrl } = community;
  const link = await spendLink(tx, communityId, 'recovery', token);
  const member = link && (await recoverableBy(tx, communityId, link));
  if (link === undefined || member === undefined) return undefined;
  const { subject, personId } = member;
  await endLinks(tx, communityId, ['recovery'], subject);
  await tx.query(
    `UPDATE person_emails SET proven_at = COALESCE(proven_at, now()), verified_at = COALESCE(verified_at, now())
     WHERE person_id = $1 AND address = $2`,
    [personId, link.email],
  );
  await setPassword(tx, communityId, subject, password.hash, `member:${subject}`, {
    isShort: password.isShort,
    issuerUrl,
  });
  await recordEvents(tx, [
    { communityId, type: 'member.recovered', actor: `member:${subject}`, subject },
  ]);
  return { subject };
}
