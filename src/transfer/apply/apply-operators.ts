import { randomUUID } from 'node:crypto';
import { nameKey } from '../../platform/text/names.ts';
import { operatorPlace, settleHash } from './resolve-password-hashes.ts';
import type { ApplyRun } from './run.ts';
import type { OperatorEntry } from './schema.ts';

type Row = { id: string; person_id: string; email: string; password_hash: string | null };

/** Brings the hub's operators to what the file says; each has an account of their own, outside communities. */
export async function applyOperators(
  run: ApplyRun,
  entries: readonly OperatorEntry[],
): Promise<void> {
  const rows = await run.tx.query<Row>(
    `SELECT o.id, o.person_id, o.email, p.password_hash FROM operators o JOIN persons p ON p.id = o.person_id
     ORDER BY o.email FOR NO KEY UPDATE OF o`,
  );
  const known = new Map(rows.map((row) => [nameKey(row.email), row]));
  for (const [index, entry] of entries.entries()) {
    const row = known.get(nameKey(entry.email));
    const hash = await hashOf(run, entry, row?.password_hash ?? null);
    if (row !== undefined) await changePassword(run, row, hash);
    else if (hash !== null) await createOperator(run, entry.email, hash);
    else
      run.report(
        ['operators', index, 'email'],
        'is a new operator and has no way to sign in: give a password or passwordHash',
      );
  }
  if (!run.prune) return;
  const named = new Set(entries.map((entry) => nameKey(entry.email)));
  const rest = rows.filter((row) => !named.has(nameKey(row.email)));
  if (named.size === 0 && rest.length > 0) {
    run.report(
      ['operators'],
      'names nobody, and --prune would leave the hub without an operator: name one, or take the key out',
    );
    return;
  }
  for (const row of rest) await removeOperator(run, row);
}

async function hashOf(
  run: ApplyRun,
  entry: OperatorEntry,
  stored: string | null,
): Promise<string | null> {
  if (entry.passwordHash !== undefined) return settleHash(entry.passwordHash, stored);
  if (entry.password === undefined) return stored;
  return run.passwords.settle(operatorPlace(nameKey(entry.email)), entry.password, stored);
}

async function createOperator(run: ApplyRun, email: string, hash: string): Promise<void> {
  await run.tx.query(
    `WITH person AS (INSERT INTO persons (password_hash, password_changed_at) VALUES ($3, now()) RETURNING id)
     INSERT INTO operators (id, person_id, email) SELECT $1, id, $2 FROM person`,
    [randomUUID(), email, hash],
  );
  run.log.add(
    { action: 'create', kind: 'operator', name: email, fields: [] },
    { type: 'operator.created', details: { email } },
  );
}

async function changePassword(run: ApplyRun, row: Row, hash: string | null): Promise<void> {
  if (hash === row.password_hash) return;
  await run.tx.query(
    'UPDATE persons SET password_hash = $2, password_changed_at = now(), updated_at = now() WHERE id = $1',
    [row.person_id, hash],
  );
  await run.tx.query('DELETE FROM operator_sessions WHERE operator_id = $1', [row.id]);
  const fields = ['password'];
  run.log.add(
    { action: 'update', kind: 'operator', name: row.email, fields },
    { type: 'operator.updated', details: { email: row.email, fields } },
  );
}

/** Their sessions go with them; the person stays. */
async function removeOperator(run: ApplyRun, row: Row): Promise<void> {
  await run.tx.query('DELETE FROM operators WHERE id = $1', [row.id]);
  run.log.add(
    { action: 'remove', kind: 'operator', name: row.email, fields: [] },
    { type: 'operator.removed', details: { email: row.email } },
  );
}
