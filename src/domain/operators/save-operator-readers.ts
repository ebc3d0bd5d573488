import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { slugFault } from '../../platform/text/text-faults.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';

/** Reads, through LDAP, the communities that are open to operators: `cn=NAME,cn=operators`. */
export type OperatorReader = {
  name: string;
  /** Of its password, from `hashPassword`, made before the transaction began. */
  hash: string;
};

/** A null hash takes the reader away. */
export type OperatorReaderChange = { name: string; hash: string | null };

export type SavedOperatorReader = {
  name: string;
  action: 'created' | 'updated' | 'removed' | null;
};

export function listOperatorReaders(db: Queryable): Promise<OperatorReader[]> {
  return db.query<OperatorReader>(
    'SELECT name, password_hash AS hash FROM operator_readers ORDER BY name',
  );
}

/**
 * Gives operators' readers their passwords, makes those that are new, and takes others away: none of them
 * can bind with what it had before.
 * @returns what became of each; an action of null is a reader that is as it was
 * @throws RefusedChangesError when a name is none
 */
export async function saveOperatorReaders(
  tx: Transaction,
  changes: readonly OperatorReaderChange[],
  actor: Actor,
): Promise<SavedOperatorReader[]> {
  refuseFaults(changes.flatMap(nameFaults));
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('operator-readers', 0))`);
  const known = new Map((await listOperatorReaders(tx)).map(({ name, hash }) => [name, hash]));
  const saved = changes.map(({ name, hash }): SavedOperatorReader => {
    const before = known.get(name) ?? null;
    if (before === hash) return { name, action: null };
    if (hash === null) return { name, action: 'removed' };
    return { name, action: before === null ? 'created' : 'updated' };
  });
  const given = changes.filter(({ hash }, index) => hash !== null && saved[index]?.action !== null);
  await tx.query(
    `INSERT INTO operator_readers (name, password_hash) SELECT name, hash FROM unnest($1::text[], $2::text[]) AS r (name, hash)
     ON CONFLICT (name) DO UPDATE SET password_hash = EXCLUDED.password_hash`,
    [given.map(({ name }) => name), given.map(({ hash }) => hash)],
  );
  const gone = saved.filter(({ action }) => action === 'removed').map(({ name }) => name);
  await tx.query('DELETE FROM operator_readers WHERE name = ANY($1)', [gone]);
  await recordEvents(
    tx,
    saved.flatMap(({ name, action }) =>
      action === null ? [] : [{ type: `operator-reader.${action}`, actor, details: { name } }],
    ),
  );
  return saved;
}

function nameFaults({ name }: OperatorReaderChange, index: number): PlacedFault[] {
  const fault = slugFault(name);
  const subject = `the reader "${name}"`;
  return fault === undefined ? [] : [{ index, code: 'value', path: ['name'], subject, fault }];
}
