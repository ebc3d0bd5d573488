import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import type { Status } from '../memberships/membership-store.ts';
import { setMemberStatus } from '../memberships/set-member-status.ts';
import { notifyMember } from '../notices/notify-member.ts';

/** How long somebody may come back who asked for their account to be deleted. */
export const DELETION_DAYS = 14;

type Membership = { communityId: string; subject: string; status: Status };

/**
 * Begins the deletion of a person's account: all their memberships stop at once, as by a suspension
 * (invariant 4), and go for good a fortnight later unless the person says otherwise.
 * @param at the community where they asked: its colours are those of the message
 * @returns when the account will be deleted
 * @throws RefusedError `last-owner` where a community would have no owner any more; `operator` for those
 *   who run the hub; `state` when they asked before
 */
export async function requestDeletion(
  tx: Transaction,
  personId: string,
  at: { communityId: string; subject: string; issuerUrl: string },
): Promise<Date> {
  const [operator] = await tx.query('SELECT 1 FROM operators WHERE person_id = $1', [personId]);
  if (operator !== undefined) throw new RefusedError('operator', 'this person runs the hub');
  const [person] = await tx.query<{ due: Date }>(
    `UPDATE persons SET deletion_due_at = now() + $2 * interval '1 day', updated_at = now()
     WHERE id = $1 AND deletion_due_at IS NULL RETURNING deletion_due_at AS due`,
    [personId, DELETION_DAYS],
  );
  if (person === undefined) throw new RefusedError('state', 'the account is to be deleted already');
  for (const { communityId, subject, status } of await membershipsOf(tx, personId)) {
    const actor: Actor = `member:${subject}`;
    if (status === 'active') await setMemberStatus(tx, communityId, subject, 'hold', actor);
    if (status === 'requested') await setMemberStatus(tx, communityId, subject, 'withdraw', actor);
  }
  await notifyMember(tx, {
    ...at,
    template: 'deletion-requested',
    data: { due: person.due.toISOString() },
  });
  return person.due;
}

/**
 * Takes the deletion back: the memberships that stopped for it go on. Sessions do not come back.
 * @throws NotFoundError when there is nothing to take back; or no longer: the account is deleted
 */
export async function cancelDeletion(tx: Transaction, personId: string): Promise<void> {
  const [person] = await tx.query(
    `UPDATE persons SET deletion_due_at = NULL, updated_at = now()
     WHERE id = $1 AND deletion_due_at IS NOT NULL RETURNING 1`,
    [personId],
  );
  if (person === undefined) throw new NotFoundError('member');
  for (const { communityId, subject, held } of await membershipsOf(tx, personId)) {
    if (held) await setMemberStatus(tx, communityId, subject, 'stay', `member:${subject}`);
  }
}

/** In one order for everybody: two requests of one person never wait for one another both. */
export function membershipsOf(
  tx: Transaction,
  personId: string,
): Promise<(Membership & { held: boolean })[]> {
  return tx.query(
    `SELECT community_id AS "communityId", subject, status, COALESCE(status_reason = 'deletion', false) AS held
     FROM memberships WHERE person_id = $1 ORDER BY community_id`,
    [personId],
  );
}
