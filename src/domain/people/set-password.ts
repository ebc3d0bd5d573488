import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { lockMembership } from '../memberships/membership-store.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { endPersonSessions } from '../sessions/end-sessions.ts';

export type NewPassword = {
  /** Whether it is too short to be all that guards an account: then its second factor stays. */
  isShort?: boolean;
  /** Uid of the session in which it was changed, which goes on. */
  keptSession?: string;
  /** The address of the community whose message tells the member; none is sent without it. */
  issuerUrl?: string;
};

/**
 * Gives the person behind a member a new password, and ends every session that the old one opened: in
 * each community that they are in, and as an operator. Whoever asked for their account to be deleted
 * keeps that: it takes a sign-in to say otherwise.
 * @param passwordHash from `hashPassword`, made before the transaction began
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `short-password` for a short one when the second factor went meanwhile
 */
export async function setPassword(
  tx: Transaction,
  communityId: string,
  subject: string,
  passwordHash: string,
  actor: Actor,
  { isShort = false, keptSession, issuerUrl }: NewPassword = {},
): Promise<void> {
  const member = await lockMembership(tx, communityId, subject);
  if (member === undefined) throw new NotFoundError('member');
  await tx.query(
    `UPDATE persons SET password_hash = $2, password_short = $3, password_changed_at = now(), updated_at = now()
     WHERE id = $1`,
    [member.personId, passwordHash, isShort],
  );
  if (isShort) await requireSecondFactor(tx, member.personId);
  const kept = keptSession === undefined ? undefined : { communityId, uid: keptSession };
  const memberships = await endPersonSessions(tx, member.personId, kept);
  await recordEvents(
    tx,
    memberships.map((each) => ({
      ...each,
      type: 'member.password-changed',
      // Elsewhere, who did it here says nothing: and it must not be told.
      actor: each.communityId === communityId ? actor : 'hub',
    })),
  );
  if (issuerUrl !== undefined) {
    await notifyMember(tx, { communityId, subject, issuerUrl, template: 'password-changed' });
  }
}

/** The person's row is locked by now: no factor goes at the same time (`refusalOfRemoval`). */
async function requireSecondFactor(tx: Transaction, personId: string): Promise<void> {
  const [person] = await tx.query<{ has: boolean }>('SELECT has_second_factor($1) AS has', [
    personId,
  ]);
  if (person?.has !== true)
    throw new RefusedError('short-password', 'a short password stands beside a second factor only');
}

/** @returns the fault for the page when a new password turns out to be short for somebody without a second factor */
export async function orTooShort<Result>(work: Promise<Result>): Promise<Result | 'too-short'> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'short-password') return 'too-short';
    throw error;
  }
}
