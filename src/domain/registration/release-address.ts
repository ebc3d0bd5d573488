import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';

/** Days after which somebody who was refused may ask again. */
export const REFUSED_DAYS = 30;

/**
 * What stands in the way of an address that wants to register: nothing, a membership that is there, one
 * that waits for an admin's word, or a refusal of the last 30 days. Whoever left may come back.
 */
export type Standing = 'free' | 'member' | 'requested' | 'refused';

const REFUSED = `EXISTS (SELECT 1 FROM events e WHERE e.community_id = m.community_id
  AND e.subject = m.subject AND e.type = 'member.refused'`;

export async function standingOf(
  db: Queryable,
  communityId: string,
  email: string,
): Promise<Standing> {
  const [row] = await db.query<{ status: string; refused: boolean }>(
    `SELECT m.status, ${REFUSED} AND e.at > now() - $3 * interval '1 day') AS refused
     FROM memberships m WHERE m.community_id = $1 AND m.email_key = $2`,
    [communityId, nameKey(email), REFUSED_DAYS],
  );
  if (row === undefined) return 'free';
  if (row.status === 'requested') return 'requested';
  if (row.status !== 'left') return 'member';
  return row.refused ? 'refused' : 'free';
}

/**
 * Lets the address of somebody who left, or was refused long ago, be a new member's. The subject of the
 * membership before stays, and is nobody else's (invariant 2). Its username stays as well, since apps may
 * still hold an account of that name; that of a refused request, which no app ever saw, becomes free, and
 * nothing that was told in the request is kept.
 */
export async function makeWay(tx: Transaction, communityId: string, email: string): Promise<void> {
  const [before] = await tx.query<{ subject: string; personId: string; refused: boolean }>(
    `SELECT m.subject, m.person_id AS "personId", ${REFUSED}) AS refused
     FROM memberships m WHERE m.community_id = $1 AND m.email_key = $2 AND m.status = 'left'
     FOR NO KEY UPDATE OF m`,
    [communityId, nameKey(email)],
  );
  if (before === undefined) return;
  const { subject, personId, refused } = before;
  await tx.query(
    'UPDATE memberships SET email = NULL, email_key = NULL WHERE community_id = $1 AND subject = $2',
    [communityId, subject],
  );
  if (!refused) return;
  await tx.query(
    `UPDATE memberships SET username = $3, username_key = $3, display_name = $3,
       given_name = NULL, family_name = NULL, nickname = NULL, pronouns = NULL
     WHERE community_id = $1 AND subject = $2`,
    [communityId, subject, `refused-${subject}`],
  );
  await tx.query('DELETE FROM registration_answers WHERE community_id = $1 AND subject = $2', [
    communityId,
    subject,
  ]);
  const [elsewhere] = await tx.query(
    'SELECT 1 FROM memberships WHERE person_id = $1 AND (community_id, subject) <> ($2, $3)',
    [personId, communityId, subject],
  );
  if (elsewhere !== undefined) return;
  await tx.query('UPDATE persons SET password_hash = NULL WHERE id = $1', [personId]);
  await tx.query('DELETE FROM person_emails WHERE person_id = $1', [personId]);
}
