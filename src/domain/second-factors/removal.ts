import type { Transaction } from '../../platform/database/database.ts';
import { isActive, roleNow } from '../membership-standing.ts';
import { type Factors, hasSecondFactor, readFactors } from './factor-store.ts';
import { secondFactorRequirement } from './requirement.ts';

/** Why a second factor stays: a community asks for one, or the password is too short to stand alone. */
export type RemovalRefusal = 'required' | 'short-password';

/**
 * Whether a second factor may go. One change of somebody's factors at a time: of two that are removed at
 * once, the second removal sees the first.
 * @param without what the person would have left
 */
export async function refusalOfRemoval(
  tx: Transaction,
  personId: string,
  without: (factors: Factors) => Factors,
): Promise<RemovalRefusal | undefined> {
  const [person] = await tx.query<{ passwordShort: boolean }>(
    'SELECT password_short AS "passwordShort" FROM persons WHERE id = $1 FOR UPDATE',
    [personId],
  );
  const factors = await readFactors(tx, personId);
  if (hasSecondFactor(without(factors)) || !hasSecondFactor(factors)) return undefined;
  if (person?.passwordShort === true) return 'short-password';
  return (await isAskedForOne(tx, personId)) ? 'required' : undefined;
}

/** Whether any community of the person asks for a second factor by now. */
async function isAskedForOne(tx: Transaction, personId: string): Promise<boolean> {
  const memberships = await tx.query<{
    role: string;
    secondFactor: 'optional' | 'admins' | 'all';
    secondFactorFrom: string | null;
  }>(
    `SELECT ${roleNow('m')} AS role, c.second_factor AS "secondFactor", c.second_factor_from AS "secondFactorFrom"
     FROM memberships m JOIN communities c ON c.id = m.community_id
     WHERE m.person_id = $1 AND ${isActive('m')}`,
    [personId],
  );
  return memberships.some((membership) => secondFactorRequirement(membership, membership).inForce);
}
