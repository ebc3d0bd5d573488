import { changeNestings, type Nesting } from '../../src/domain/groups/nest-groups.ts';
import type { Transaction } from '../../src/platform/database/database.ts';
import type { Actor } from '../../src/platform/events/record-event.ts';

/**
 * Puts a group inside another: whoever is in the child is in the parent from now on.
 * @returns whether that changed anything
 * @throws NotFoundError when one of them is not of this community
 * @throws RefusedError `group-cycle` when the parent is inside the child already
 */
export async function nestGroup(
  tx: Transaction,
  communityId: string,
  nesting: Nesting,
  actor: Actor,
): Promise<boolean> {
  const { added } = await changeNestings(tx, communityId, { add: [nesting] }, actor);
  return added.length === 1;
}

/**
 * Takes a group out of another, and ends the sessions of all who were in the parent through it.
 * @returns whether that changed anything
 * @throws NotFoundError when one of them is not of this community
 */
export async function unnestGroup(
  tx: Transaction,
  communityId: string,
  nesting: Nesting,
  actor: Actor,
): Promise<boolean> {
  const { removed } = await changeNestings(tx, communityId, { remove: [nesting] }, actor);
  return removed.length === 1;
}
