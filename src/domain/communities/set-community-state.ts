import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import type { Community } from './community.ts';

type State = Community['state'];
type StateEvent = `community.${'frozen' | 'activated' | 'archived'}`;
type Change = { from: readonly State[]; to: State; event: StateEvent };

/** `moved` is set and left by a move alone. */
const CHANGES = {
  freeze: { from: ['active'], to: 'frozen', event: 'community.frozen' },
  activate: { from: ['frozen', 'archived'], to: 'active', event: 'community.activated' },
  archive: { from: ['active', 'frozen'], to: 'archived', event: 'community.archived' },
} as const satisfies Record<string, Change>;

export type StateChange = keyof typeof CHANGES;

/** Why a community cannot go from one state to another; undefined when it can, or is there. */
export function stateFault(from: State, to: State): string | undefined {
  if (from === to || changeTo(to)?.from.includes(from)) return undefined;
  return `is ${from}, and cannot become ${to} from there`;
}

function changeTo(to: State): Change | undefined {
  return Object.values<Change>(CHANGES).find((change) => change.to === to);
}

/**
 * Freezes a community (nobody gets into a service; sessions wait), archives it (all sessions end) or
 * activates it again.
 * @returns whether that changed anything: false when the community is there already
 * @throws NotFoundError when there is none of that id
 * @throws RefusedError `state` when it cannot go there from where it is
 */
export async function setCommunityState(
  tx: Transaction,
  communityId: string,
  change: StateChange,
  actor: Actor,
): Promise<boolean> {
  const [community] = await tx.query<{ slug: string; state: State }>(
    'SELECT slug, state FROM communities WHERE id = $1 FOR NO KEY UPDATE',
    [communityId],
  );
  if (community === undefined) throw new NotFoundError('community');
  const { slug, state: from } = community;
  const { to: state } = CHANGES[change];
  if (stateFault(from, state) !== undefined) {
    throw new RefusedError('state', `cannot ${change} "${slug}": it is ${from}`);
  }
  await moveStates(tx, [{ id: communityId, from, state }], actor);
  return from !== state;
}

/** Brings communities, which are locked, to a state that `stateFault` has nothing against. */
export async function moveStates(
  tx: Transaction,
  communities: readonly { id: string; from: State; state: State }[],
  actor: Actor,
): Promise<void> {
  for (const { id: communityId, from, state } of communities) {
    if (from === state) continue;
    await tx.query('UPDATE communities SET state = $2, updated_at = now() WHERE id = $1', [
      communityId,
      state,
    ]);
    if (state === 'archived') {
      await endMemberSessions(tx, communityId, await subjectsSignedIn(tx, communityId));
    }
    const event = changeTo(state)?.event;
    if (event !== undefined) await recordEvents(tx, [{ communityId, type: event, actor }]);
  }
}

async function subjectsSignedIn(tx: Transaction, communityId: string): Promise<string[]> {
  const rows = await tx.query<{ subject: string }>(
    `SELECT subject FROM sessions WHERE community_id = $1 AND subject IS NOT NULL
     UNION SELECT subject FROM oidc_artifacts WHERE community_id = $1 AND subject IS NOT NULL`,
    [communityId],
  );
  return rows.map(({ subject }) => subject);
}
