import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { revokeAppPasswords } from '../app-passwords/app-password.ts';
import { NotFoundError } from '../errors.ts';
import { endLinks, type Link, spendLink } from '../links/link-store.ts';
import { endApiTokensOf } from '../memberships/end-api-tokens.ts';
import { endInvitationsOf } from '../memberships/end-invitations.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { type AssistedRecovery, lockRecovery } from './assisted-recovery.ts';

/** The recovery that a link is of, when it is one that lets in, and still stands. */
export async function recoveryByLink(
  tx: Transaction,
  communityId: string,
  { details }: Pick<Link, 'details'>,
): Promise<AssistedRecovery | undefined> {
  if (details.refuse === true || typeof details.recovery !== 'string') return undefined;
  try {
    const recovery = await lockRecovery(tx, communityId, details.recovery);
    return recovery.isReady ? recovery : undefined;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/**
 * Ends an assisted recovery: the membership passes to a new person with the new password and nothing else
 * (docs/decisions/0014-assisted-recovery-makes-a-new-person.md). Sessions, sign-ins on their way, app passwords
 * and invitations that they made end; the subject stays what it was.
 * @returns undefined when the link or the recovery is over
 */
export async function completeAssistedRecovery(
  tx: Transaction,
  { communityId, issuerUrl }: { communityId: string; issuerUrl: string },
  token: string,
  password: { hash: string; isShort: boolean },
): Promise<{ subject: string } | undefined> {
  const link = await spendLink(tx, communityId, 'assisted-recovery', token);
  const recovery = link && (await recoveryByLink(tx, communityId, link));
  if (recovery === undefined) return undefined;
  const { id, subject } = recovery;
  const actor = `member:${subject}` as const;
  // At the addresses of the person before: the new one has none that is proven.
  await notifyMember(tx, { communityId, subject, issuerUrl, template: 'password-changed' });
  const before = await passToNewPerson(tx, communityId, subject, password);
  await endMemberSessions(tx, communityId, [subject]);
  await revokeAppPasswords(tx, communityId, subject, actor);
  await tx.query(
    `UPDATE assisted_recoveries SET ended_at = now(), outcome = 'done' WHERE community_id = $1 AND id = $2`,
    [communityId, id],
  );
  await endLinks(tx, communityId, ['assisted-recovery', 'recovery', 'verification'], subject);
  // Whoever was in until now may have made themselves a way back.
  await endInvitationsOf(tx, communityId, [subject], actor, 'recovered');
  await endApiTokensOf(tx, communityId, [subject], actor, 'recovered');
  await recordEvents(tx, [
    { communityId, type: 'assisted-recovery.done', actor, subject, details: { recovery: id } },
  ]);
  await forgetIfAlone(tx, before);
  return { subject };
}

/** @returns the person before */
async function passToNewPerson(
  tx: Transaction,
  communityId: string,
  subject: string,
  password: { hash: string; isShort: boolean },
): Promise<string> {
  const [member] = await tx.query<{
    personId: string;
    email: string | null;
    locale: string | null;
  }>(
    `SELECT m.person_id AS "personId", m.email, p.locale FROM memberships m JOIN persons p ON p.id = m.person_id
     WHERE m.community_id = $1 AND m.subject = $2 FOR UPDATE`,
    [communityId, subject],
  );
  if (member === undefined) throw new NotFoundError('member');
  const [person] = await tx.query<{ id: string }>(
    `INSERT INTO persons (password_hash, password_short, password_changed_at, given_back_at, locale)
     VALUES ($1, $2, now(), now(), $3) RETURNING id`,
    [password.hash, password.isShort, member.locale],
  );
  // The address comes along as one that nobody has proven: its mailbox was out of reach, or in other hands.
  // It opens nothing until the member proves it anew (`RECOVERS`).
  if (member.email !== null) {
    await tx.query('INSERT INTO person_emails (person_id, address) VALUES ($1, $2)', [
      person?.id,
      member.email,
    ]);
  }
  await tx.query(
    'UPDATE memberships SET person_id = $3, updated_at = now() WHERE community_id = $1 AND subject = $2',
    [communityId, subject, person?.id],
  );
  return member.personId;
}

/** The person before goes when nothing of theirs is left: no membership anywhere, nor the hub to run. */
async function forgetIfAlone(tx: Transaction, personId: string): Promise<void> {
  await tx.query(
    `DELETE FROM persons p WHERE p.id = $1
       AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id)
       AND NOT EXISTS (SELECT 1 FROM operators o WHERE o.person_id = p.id)`,
    [personId],
  );
}
