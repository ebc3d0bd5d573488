import { groupIdsByName } from '../../domain/groups/named-groups.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { ProblemError, pointerTo } from '../routing/problem.ts';

/**
 * Ids of groups that a body names.
 * @param path where its list stands
 * @throws ProblemError 422 with each name that no group of the community has
 */
export async function idsOfNamed(
  db: Queryable,
  communityId: string,
  names: readonly string[],
  path: readonly string[],
): Promise<string[]> {
  if (names.length === 0) return [];
  const ids = await groupIdsByName(db, communityId, names);
  const errors = names.flatMap((name, index) =>
    ids.has(name)
      ? []
      : [{ pointer: pointerTo([...path, index]), detail: 'There is no group of this name here.' }],
  );
  if (errors.length > 0)
    throw new ProblemError(422, 'invalid', 'make the groups first, or leave them out', errors);
  return [...new Set(ids.values())];
}
