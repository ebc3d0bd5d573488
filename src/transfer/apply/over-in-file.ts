import { isInNow } from '../../domain/membership-standing.ts';
import type { InGroup } from '../../domain/memberships/member-change.ts';
import type { Role } from '../../domain/memberships/membership-store.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { GroupIds } from './run.ts';
import type { MemberEntry } from './schema.ts';

/**
 * A file says the same when it is applied again after an end that it gives: what is over there and here is as it
 * should be. An end that lies in the past of something that is not over is a mistake, and refused by the change.
 */
export type KnownEnds = {
  role: Role;
  /** Ids of the groups that they are directly in. */
  places: string[];
};

export const PLACES = `ARRAY(SELECT gm.group_id FROM group_members gm
  WHERE gm.community_id = m.community_id AND gm.subject = m.subject AND ${isInNow('gm')})`;

export const isPast = (at: Date) => +at <= Date.now();

export function roleOf(
  { role, roleUntil }: MemberEntry,
  before: KnownEnds | undefined,
): Pick<MemberEntry, 'role' | 'roleUntil'> {
  const isOver = roleUntil != null && isPast(roleUntil) && before?.role === 'member';
  return isOver ? { role: 'member' } : { role, roleUntil };
}

export function placesOf(
  { groups: places }: MemberEntry,
  before: KnownEnds | undefined,
  groups: GroupIds,
): InGroup[] | undefined {
  return places?.flatMap((place): InGroup[] => {
    const { name, until } = typeof place === 'string' ? { name: place } : place;
    const id = groups.get(nameKey(name)) as string;
    if (until === undefined) return [id];
    const isOver = until !== null && isPast(until) && before?.places.includes(id) === false;
    return isOver ? [] : [{ id, until }];
  });
}
