import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';

/**
 * Takes an address from a person that no community of theirs uses, with the links that were sent to it.
 * @returns what stands in the way; undefined when it is gone (or was no address of theirs)
 */
export async function removeAddress(
  tx: Transaction,
  { communityId, subject, personId }: { communityId: string; subject: string; personId: string },
  address: string,
): Promise<'in-use' | undefined> {
  await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR NO KEY UPDATE', [personId]);
  const [used] = await tx.query(
    `SELECT 1 FROM memberships WHERE person_id = $1 AND email = $2 AND status <> 'left'`,
    [personId, address],
  );
  if (used !== undefined) return 'in-use';
  await tx.query(
    `UPDATE memberships SET email = NULL, email_key = NULL WHERE person_id = $1 AND email = $2`,
    [personId, address],
  );
  const removed = await tx.query(
    'DELETE FROM person_emails WHERE person_id = $1 AND address = $2 RETURNING 1',
    [personId, address],
  );
  if (removed.length === 0) return undefined;
  await tx.query(
    `UPDATE links l SET used_at = now() FROM memberships m
     WHERE m.person_id = $1 AND l.community_id = m.community_id AND l.subject = m.subject
       AND l.email = $2 AND l.used_at IS NULL`,
    [personId, address],
  );
  await recordEvents(tx, [
    { communityId, type: 'email.removed', actor: `member:${subject}`, subject },
  ]);
  return undefined;
}
