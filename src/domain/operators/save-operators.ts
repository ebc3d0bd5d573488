import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { isEmailAddress, nameKey } from '../../platform/text/names.ts';
import { NotFoundError } from '../errors.ts';
import { changePasswords } from '../people/change-passwords.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';
import { insertOperator } from './create-operator.ts';

export type Operator = {
  id: string;
  personId: string;
  email: string;
  passwordHash: string | null;
};

/** What is to become of an operator of the hub: somebody new, a new password, or no operator any more. */
export type OperatorChange =
  | { email: string; passwordHash: string }
  | { id: string; passwordHash: string }
  | { id: string; remove: true };

/** Every operator of the hub, by address; locked, they take turns with other changes of operators. */
export async function lockOperators(tx: Transaction): Promise<Operator[]> {
  // Two who are added at once, and two of the last who go at once, are seen by one another.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('operators', 0))`);
  return listOperators(tx);
}

export function listOperators(db: Queryable): Promise<Operator[]> {
  return db.query<Operator>(
    `SELECT o.id, o.person_id AS "personId", o.email, p.password_hash AS "passwordHash"
     FROM operators o JOIN persons p ON p.id = o.person_id ORDER BY lower(o.email)`,
  );
}

/**
 * Makes, changes and removes operators: all of them, or none. Each is a person of their own: an address never
 * links to somebody who is known. The sessions of whoever gets another password, or goes, end; the person of
 * an operator who goes stays.
 * @throws RefusedChangesError `email-shape`, `email-taken`; `last-operator` when nobody would be left to run
 *   the hub
 * @throws NotFoundError when one is no operator
 */
export async function saveOperators(
  tx: Transaction,
  changes: readonly OperatorChange[],
  actor: Actor,
): Promise<void> {
  const operators = await lockOperators(tx);
  const known = new Map(operators.map((operator) => [operator.id, operator]));
  const existing = (id: string) => {
    const operator = known.get(id);
    if (operator === undefined) throw new NotFoundError('operator');
    return operator;
  };
  refuseFaults(faultsOf(operators, changes));
  for (const change of changes) {
    if ('email' in change) await create(tx, change, actor);
    else if ('remove' in change) await remove(tx, existing(change.id), actor);
    else await changePassword(tx, existing(change.id), change.passwordHash, actor);
  }
}

function faultsOf(
  operators: readonly Operator[],
  changes: readonly OperatorChange[],
): PlacedFault[] {
  const faults: PlacedFault[] = [];
  const holders = new Set(operators.map(({ email }) => nameKey(email)));
  const left = new Set(operators.map(({ id }) => id));
  let added = 0;
  for (const [index, change] of changes.entries()) {
    if ('remove' in change) left.delete(change.id);
    if (!('email' in change)) continue;
    added += 1;
    const { email } = change;
    const at = { index, path: ['email'], subject: `"${email}"` };
    if (!isEmailAddress(email)) {
      const fault = 'must be an e-mail address, such as name@example.org';
      faults.push({ ...at, code: 'email-shape', fault });
    } else if (holders.has(nameKey(email))) {
      faults.push({ ...at, code: 'email-taken', fault: 'is an operator already' });
    }
    holders.add(nameKey(email));
  }
  const index = changes.findIndex((change) => 'remove' in change);
  if (index >= 0 && left.size + added === 0) {
    const fault = 'would be left without an operator: add another first';
    faults.push({ index, code: 'last-operator', path: [], subject: 'the hub', fault });
  }
  return faults;
}

async function create(
  tx: Transaction,
  { email, passwordHash }: { email: string; passwordHash: string },
  actor: Actor,
): Promise<void> {
  await insertOperator(tx, email, passwordHash);
  await recordEvents(tx, [{ type: 'operator.created', actor, details: { email } }]);
}

async function changePassword(
  tx: Transaction,
  { personId, email }: Operator,
  hash: string,
  actor: Actor,
): Promise<void> {
  const memberships = await changePasswords(tx, [{ personId, hash }]);
  const details = { email, fields: ['password'] };
  await recordEvents(tx, [
    { type: 'operator.updated', actor, details },
    ...memberships.map(({ communityId, subject }) => ({
      communityId,
      subject,
      type: 'member.password-changed' as const,
      actor: 'hub' as const,
    })),
  ]);
}

async function remove(tx: Transaction, { id, email }: Operator, actor: Actor): Promise<void> {
  await tx.query('DELETE FROM operators WHERE id = $1', [id]);
  await recordEvents(tx, [{ type: 'operator.removed', actor, details: { email } }]);
}
