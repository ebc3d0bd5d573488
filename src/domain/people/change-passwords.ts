import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { RefusedError } from '../errors.ts';
import { endLinksOfPersons } from '../links/link-store.ts';
import {
  type EndedOf,
  endSessionsOfPersons,
  type KeptSession,
  type OtherSessions,
} from '../second-factors/other-sessions.ts';

export type PersonsPassword = {
  personId: string;
  /** From `hashPassword`, made before the transaction began; null: they have none. */
  hash: string | null;
  /** Whether it is too short to be all that guards an account: then its second factor stays. */
  isShort?: boolean | undefined;
  /** A session that goes on. */
  kept?: KeptSession | undefined;
  /** What the person said of their other sessions; where nobody asked them, all end. */
  others?: OtherSessions | undefined;
};

/**
 * Gives people new passwords, and ends every session that the old ones opened: in each community that they
 * are in, and as operators (`endSessionsOfPersons`). Links that were asked for before open nothing. Whoever asked for their account to be deleted keeps that: it takes a sign-in to
 * say otherwise.
 * @returns their memberships; each has an event to be told
 * @throws RefusedError `short-password` for a short one when the second factor went meanwhile
 */
export async function changePasswords(
  tx: Transaction,
  passwords: readonly PersonsPassword[],
): Promise<EndedOf[]> {
  const memberships: EndedOf[] = [];
  await inBatches(passwords, async (batch) => {
    await store(tx, batch);
    await requireSecondFactor(
      tx,
      batch.filter(({ isShort }) => isShort),
    );
    memberships.push(...(await endSessionsOfPersons(tx, batch)));
    await endLinksOfPersons(
      tx,
      ['recovery', 'verification'],
      batch.map(({ personId }) => personId),
    );
  });
  return memberships;
}

/** In the order of the people's ids: two changes that meet wait for one another, and never both. */
async function store(tx: Transaction, passwords: readonly PersonsPassword[]): Promise<void> {
  await tx.query(
    `WITH new AS MATERIALIZED (
       SELECT p.id, n.hash, n.short FROM unnest($1::uuid[], $2::text[], $3::boolean[]) AS n (id, hash, short)
         JOIN persons p ON p.id = n.id ORDER BY p.id FOR NO KEY UPDATE OF p)
     UPDATE persons p SET password_hash = new.hash, password_short = new.short, password_changed_at = now(),
       updated_at = now() FROM new WHERE p.id = new.id`,
    [
      passwords.map(({ personId }) => personId),
      passwords.map(({ hash }) => hash),
      passwords.map(({ isShort }) => isShort ?? false),
    ],
  );
}

/** The people's rows are locked by now: no factor goes at the same time (`refusalOfRemoval`). */
async function requireSecondFactor(
  tx: Transaction,
  passwords: readonly PersonsPassword[],
): Promise<void> {
  if (passwords.length === 0) return;
  const alone = await tx.query(
    'SELECT 1 FROM unnest($1::uuid[]) AS p (id) WHERE NOT has_second_factor(p.id)',
    [passwords.map(({ personId }) => personId)],
  );
  if (alone.length > 0)
    throw new RefusedError('short-password', 'a short password stands beside a second factor only');
}
