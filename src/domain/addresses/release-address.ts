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
export function releaseAddress(tx: Transaction, communityId: string, email: string): Promise<void> {
  return releaseAddresses(tx, communityId, [nameKey(email)]);
}

/** The same for many addresses, given by their keys (`nameKey`). */
export async function releaseAddresses(
  tx: Transaction,
  communityId: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const before = await tx.query<{ subject: string; personId: string; refused: boolean }>(
    `SELECT m.subject, m.person_id AS "personId", ${REFUSED}) AS refused
     FROM unnest($2::text[]) AS released (key)
       JOIN memberships m ON m.community_id = $1 AND m.email_key = released.key
     WHERE m.status = 'left' ORDER BY m.subject FOR NO KEY UPDATE OF m`,
    [communityId, keys],
  );
  await tx.query(
    'UPDATE memberships SET email = NULL, email_key = NULL WHERE community_id = $1 AND subject = ANY($2::uuid[])',
    [communityId, before.map(({ subject }) => subject)],
  );
  await forgetRequests(
    tx,
    communityId,
    before.filter(({ refused }) => refused),
  );
}

async function forgetRequests(
  tx: Transaction,
  communityId: string,
  refused: readonly { subject: string; personId: string }[],
): Promise<void> {
  if (refused.length === 0) return;
  const subjects = refused.map(({ subject }) => subject);
  await tx.query(
    `UPDATE memberships SET username = 'refused-' || subject, username_key = 'refused-' || subject,
       display_name = 'refused-' || subject, given_name = NULL, family_name = NULL, nickname = NULL, pronouns = NULL
     WHERE community_id = $1 AND subject = ANY($2::uuid[])`,
    [communityId, subjects],
  );
  await tx.query(
    'DELETE FROM registration_answers WHERE community_id = $1 AND subject = ANY($2::uuid[])',
    [communityId, subjects],
  );
  // Whoever is somewhere else, too, keeps what they have there.
  const alone = await tx.query<{ id: string }>(
    `SELECT p.id FROM unnest($2::uuid[]) AS p (id) WHERE NOT EXISTS (SELECT FROM memberships m
       WHERE m.person_id = p.id AND (m.community_id, m.subject) <> ALL (SELECT $1::uuid, unnest($3::uuid[])))`,
    [communityId, refused.map(({ personId }) => personId), subjects],
  );
  const persons = alone.map(({ id }) => id);
  await tx.query('UPDATE persons SET password_hash = NULL WHERE id = ANY($1::uuid[])', [persons]);
  await tx.query('DELETE FROM person_emails WHERE person_id = ANY($1::uuid[])', [persons]);
}
