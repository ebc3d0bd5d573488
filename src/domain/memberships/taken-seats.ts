import type { Transaction } from '../../platform/database/database.ts';
import { isInNow } from '../membership-standing.ts';
import type { PlacedFault } from '../refused-changes.ts';
import type { SettledMember } from './settle-member.ts';
import type { LockedGroup } from './touch-entries.ts';

/**
 * Members for whom a group has no seat. Its row is locked: two who take the last one at once take turns. A seat is
 * whoever's is directly in it and has not left; fewer seats than members let nobody in, and send nobody out.
 */
export async function fullGroups(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
  groups: readonly LockedGroup[],
): Promise<PlacedFault[]> {
  const limited = new Map(
    groups.flatMap((group) => (group.seats === null ? [] : [[group.id, group]])),
  );
  const moves = members.flatMap((member) =>
    [...movesOf(member)].filter(({ id }) => limited.has(id)),
  );
  const takers = Map.groupBy(
    moves.filter(({ by }) => by === 1),
    ({ id }) => id,
  );
  if (takers.size === 0) return [];
  const taken = await takenSeats(tx, communityId, [...takers.keys()]);
  const faults: PlacedFault[] = [];
  for (const [id, some] of takers) {
    const { name, seats } = limited.get(id) as LockedGroup & { seats: number };
    const freed = moves.filter((move) => move.id === id && move.by === -1).length;
    const free = Math.max(0, seats - (taken.get(id) ?? 0) + freed);
    for (const { member } of some.slice(free)) {
      const subject = `"${member.after.username}"`;
      const fault = `finds no seat in the group "${name}", which has ${seats}`;
      faults.push({ index: member.index, code: 'group-full', path: ['groups'], subject, fault });
    }
  }
  return faults;
}

type Move = { id: string; by: 1 | -1; member: SettledMember };

/** The seats that a change takes and frees. */
function* movesOf(member: SettledMember): Generator<Move> {
  const { before, after, places, ties } = member;
  const wasIn = before !== undefined && before.status !== 'left' ? places : [];
  const kept = [
    ...places.filter((id) => !ties.remove.includes(id)),
    ...ties.add.map(({ id }) => id),
  ];
  const isIn = after.status === 'left' ? [] : [...new Set(kept)];
  for (const id of isIn) if (!wasIn.includes(id)) yield { id, by: 1, member };
  for (const id of wasIn) if (!isIn.includes(id)) yield { id, by: -1, member };
}

async function takenSeats(
  tx: Transaction,
  communityId: string,
  groupIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; count: number }>(
    `SELECT gm.group_id AS id, count(*)::int AS count FROM group_members gm
       JOIN memberships m ON m.community_id = gm.community_id AND m.subject = gm.subject AND m.status <> 'left'
     WHERE gm.community_id = $1 AND gm.group_id = ANY($2::uuid[]) AND ${isInNow('gm')} GROUP BY gm.group_id`,
    [communityId, groupIds],
  );
  return new Map(rows.map(({ id, count }) => [id, count]));
}
