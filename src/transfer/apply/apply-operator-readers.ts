import {
  listOperatorReaders,
  type OperatorReaderChange,
  saveOperatorReaders,
} from '../../domain/operators/save-operator-readers.ts';
import { operatorReaderPlace } from './resolve-password-hashes.ts';
import type { ApplyRun } from './run.ts';
import type { OperatorReaderEntry } from './schema.ts';

const ACTIONS = { created: 'create', updated: 'update', removed: 'remove' } as const;

/** Brings the readers of the hub's operators (`cn=NAME,cn=operators`) to what the file says. */
export async function applyOperatorReaders(
  run: ApplyRun,
  entries: readonly OperatorReaderEntry[],
): Promise<void> {
  const known = new Map(
    (await listOperatorReaders(run.tx)).map(({ name, hash }) => [name, hash] as const),
  );
  const changes: OperatorReaderChange[] = [];
  for (const { name, password } of entries) {
    const place = operatorReaderPlace(name);
    const hash = await run.passwords.settle(place, password, known.get(name) ?? null);
    changes.push({ name, hash });
    known.delete(name);
  }
  if (run.prune) for (const name of known.keys()) changes.push({ name, hash: null });
  for (const { name, action } of await saveOperatorReaders(run.tx, changes, 'apply')) {
    if (action === null) continue;
    const fields = action === 'updated' ? ['password'] : [];
    run.log.add({ action: ACTIONS[action], kind: 'operator-reader', name, fields });
  }
}
