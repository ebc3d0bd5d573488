import {
  lockOperators,
  type OperatorChange,
  saveOperators,
} from '../../domain/operators/save-operators.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { PlanChange } from './plan.ts';
import { operatorPlace, settleHash } from './resolve-password-hashes.ts';
import type { ApplyRun } from './run.ts';
import type { OperatorEntry } from './schema.ts';

/** Brings the hub's operators to what the file says; each has an account of their own, outside communities. */
export async function applyOperators(
  run: ApplyRun,
  entries: readonly OperatorEntry[],
): Promise<void> {
  const operators = await lockOperators(run.tx);
  const known = new Map(operators.map((operator) => [nameKey(operator.email), operator]));
  const changes: OperatorChange[] = [];
  const plan: PlanChange[] = [];
  const note = (action: PlanChange['action'], name: string, fields: string[] = []) =>
    plan.push({ action, kind: 'operator', name, fields });
  for (const [index, entry] of entries.entries()) {
    const { email } = entry;
    const operator = known.get(nameKey(email));
    const passwordHash = await hashOf(run, entry, operator?.passwordHash ?? null);
    if (passwordHash === null) {
      if (operator === undefined) reportNoPassword(run, index);
    } else if (operator === undefined) {
      changes.push({ email, passwordHash });
      note('create', email);
    } else if (passwordHash !== operator.passwordHash) {
      changes.push({ id: operator.id, passwordHash });
      note('update', operator.email, ['password']);
    }
  }
  const named = new Set(entries.map((entry) => nameKey(entry.email)));
  for (const { id, email } of run.prune ? operators : []) {
    if (named.has(nameKey(email))) continue;
    changes.push({ id, remove: true });
    note('remove', email);
  }
  try {
    await saveOperators(run.tx, changes, 'apply');
    for (const change of plan) run.log.add(change);
  } catch (error) {
    if (!(error instanceof RefusedChangesError)) throw error;
    for (const { code, fault } of error.refusals)
      run.report(['operators'], code === 'last-operator' ? NOBODY : fault);
  }
}

const NOBODY =
  'names nobody, and --prune would leave the hub without an operator: name one, or take the key out';

async function hashOf(
  run: ApplyRun,
  entry: OperatorEntry,
  stored: string | null,
): Promise<string | null> {
  if (entry.passwordHash !== undefined) return settleHash(entry.passwordHash, stored);
  if (entry.password === undefined) return stored;
  return run.passwords.settle(operatorPlace(nameKey(entry.email)), entry.password, stored);
}

function reportNoPassword(run: ApplyRun, index: number): void {
  run.report(
    ['operators', index, 'email'],
    'is a new operator and has no way to sign in: give a password or passwordHash',
  );
}
