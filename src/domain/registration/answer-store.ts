import type { Queryable, Transaction } from '../../platform/database/database.ts';

/** Longest answer to a question. */
export const ANSWER_MAX = 2_000;

/** What somebody who asks to join answered; questions that were left out are not kept. */
export async function storeAnswers(
  tx: Transaction,
  communityId: string,
  subject: string,
  answers: readonly { question: string; answer: string }[],
): Promise<void> {
  const given = answers.filter(({ answer }) => answer !== '');
  if (given.length === 0) return;
  await tx.query(
    `INSERT INTO registration_answers (community_id, subject, position, question, answer)
     SELECT $1, $2, position, question, answer FROM jsonb_to_recordset($3::jsonb)
       AS a (position integer, question text, answer text)`,
    [
      communityId,
      subject,
      JSON.stringify(
        given.map(({ question, answer }, position) => ({ position, question, answer })),
      ),
    ],
  );
}

export type Request = {
  subject: string;
  username: string;
  displayName: string;
  email: string | null;
  requestedAt: Date;
  answers: { question: string; answer: string }[];
};

/** Those who wait for an admin's word, the first one first. */
export function listRequests(db: Queryable, communityId: string, limit = 100): Promise<Request[]> {
  return db.query<Request>(
    `SELECT m.subject, m.username, m.display_name AS "displayName", m.email, m.created_at AS "requestedAt",
       COALESCE((SELECT jsonb_agg(jsonb_build_object('question', a.question, 'answer', a.answer) ORDER BY a.position)
         FROM registration_answers a WHERE a.community_id = m.community_id AND a.subject = m.subject), '[]') AS answers
     FROM memberships m WHERE m.community_id = $1 AND m.status = 'requested'
     ORDER BY m.created_at, m.subject LIMIT $2`,
    [communityId, limit],
  );
}
