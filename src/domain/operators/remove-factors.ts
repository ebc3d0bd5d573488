import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { readFactors } from '../second-factors/factor-store.ts';
import { endSessionsOfPersons } from '../second-factors/other-sessions.ts';
import type { Operator } from './save-operators.ts';

/** What an operator had. */
export type RemovedFactors = { passkeys: number; totp: boolean; recoveryCodes: number };

/**
 * Takes all second factors from an operator who has lost them: their password alone signs in again, and every
 * session of theirs is over.
 */
export async function removeOperatorFactors(
  tx: Transaction,
  { personId, email }: Pick<Operator, 'personId' | 'email'>,
  actor: Actor,
): Promise<RemovedFactors> {
  await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR UPDATE', [personId]);
  const factors = await readFactors(tx, personId);
  for (const table of ['passkeys', 'totp_secrets', 'recovery_codes'])
    await tx.query(`DELETE FROM ${table} WHERE person_id = $1`, [personId]);
  const removed = {
    passkeys: factors.passkeys.length,
    totp: factors.totp,
    recoveryCodes: factors.recoveryCodesLeft,
  };
  await endSessionsOfPersons(tx, [{ personId }]);
  await recordEvents(tx, [
    { type: 'operator.factors-removed', actor, details: { email, ...removed } },
  ]);
  return removed;
}
