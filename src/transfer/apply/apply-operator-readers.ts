import { operatorReaderPlace } from './resolve-password-hashes.ts';
import type { ApplyRun } from './run.ts';
import type { OperatorReaderEntry } from './schema.ts';

/** Brings the readers of the hub's operators (`cn=NAME,cn=operators`) to what the file says. */
export async function applyOperatorReaders(
  run: ApplyRun,
  entries: readonly OperatorReaderEntry[],
): Promise<void> {
  const rows = await run.tx.query<{ name: string; hash: string }>(
    'SELECT name, password_hash AS hash FROM operator_readers ORDER BY name FOR UPDATE',
  );
  const known = new Map(rows.map(({ name, hash }) => [name, hash]));
  for (const { name, password } of entries) {
    const before = known.get(name) ?? null;
    const hash = await run.passwords.settle(operatorReaderPlace(name), password, before);
    if (hash !== before) await store(run, name, hash, before === null);
  }
  if (!run.prune) return;
  const named = new Set(entries.map(({ name }) => name));
  for (const { name } of rows) if (!named.has(name)) await remove(run, name);
}

async function store(run: ApplyRun, name: string, hash: string, isNew: boolean): Promise<void> {
  await run.tx.query(
    `INSERT INTO operator_readers (name, password_hash) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET password_hash = EXCLUDED.password_hash`,
    [name, hash],
  );
  run.log.add(
    isNew
      ? { action: 'create', kind: 'operator-reader', name, fields: [] }
      : { action: 'update', kind: 'operator-reader', name, fields: ['password'] },
    { type: `operator-reader.${isNew ? 'created' : 'updated'}`, details: { name } },
  );
}

async function remove(run: ApplyRun, name: string): Promise<void> {
  await run.tx.query('DELETE FROM operator_readers WHERE name = $1', [name]);
  run.log.add(
    { action: 'remove', kind: 'operator-reader', name, fields: [] },
    { type: 'operator-reader.removed', details: { name } },
  );
}
