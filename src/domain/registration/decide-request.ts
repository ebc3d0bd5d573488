import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import { saveMembers } from '../memberships/save-members.ts';

/** Longest reason that is written to somebody who is refused. */
export const REASON_MAX = 1_000;

/**
 * Lets somebody in who asked to join, or refuses them, and tells them by mail. Of two admins who decide at
 * once, the first counts.
 * @param reason what is written to somebody who is refused; it stands in no event
 * @returns whether this decided: false when they are a member already, or were refused
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `state` when the membership waits for no decision, `value` when the reason is too long, or
 *   `posix-exhausted`
 */
export async function decideRequest(
  tx: Transaction,
  community: { id: string; issuerUrl: string },
  { subject, decision, reason }: { subject: string; decision: 'admit' | 'refuse'; reason?: string },
  actor: Actor,
): Promise<boolean> {
  if (reason !== undefined && reason.length > REASON_MAX)
    throw new RefusedError('value', `the reason must have at most ${REASON_MAX} characters`);
  const change = { subject, statusChange: decision, reason };
  const [saved] = await saveMembers(tx, community, [change], actor);
  return saved?.changed.length !== 0;
}
