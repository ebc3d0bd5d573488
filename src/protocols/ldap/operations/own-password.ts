import { secondFactorRequirement } from '../../../domain/second-factors/requirement.ts';
import type { Directory, Person } from '../directory/directory.ts';

/**
 * Whether somebody may bind with their own password: where the community lets them, and where no second
 * factor stands behind it that a bind would go around, neither one that they have nor one that is asked
 * of them by now.
 */
export function mayUseOwnPassword(directory: Directory, person: Person): boolean {
  if (!directory.passwordBind || person.secondFactor) return false;
  const role = person.isAdmin ? 'admin' : 'member';
  return !secondFactorRequirement(directory, { role }).inForce;
}
