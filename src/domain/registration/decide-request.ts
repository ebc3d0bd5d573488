import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { setMemberStatus } from '../memberships/set-member-status.ts';
import { tellOfDecision } from './messages.ts';

/**
 * Lets somebody in who asked to join, or refuses them, and tells them by mail. Of two admins who decide at
 * once, the first counts.
 * @param reason what is written to somebody who is refused; it stands in no event
 * @returns whether this decided: false when they are a member already, or were refused
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `state` when the membership waits for no decision, or `posix-exhausted`
 */
export async function decideRequest(
  tx: Transaction,
  community: { id: string; issuerUrl: string },
  { subject, decision, reason }: { subject: string; decision: 'admit' | 'refuse'; reason?: string },
  actor: Actor,
): Promise<boolean> {
  const decided = await setMemberStatus(tx, community.id, subject, decision, actor);
  if (decided) await tellOfDecision(tx, community, { subject, decision, reason });
  return decided;
}
