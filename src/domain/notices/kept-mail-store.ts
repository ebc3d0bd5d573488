import type { Queryable } from '../../platform/database/database.ts';
import type { RenderedMail } from '../../platform/mail/transport.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';

/** A message that was kept because there is no mail server. */
export type KeptMail = {
  id: string;
  /** Null for a message of the hub itself. */
  communityId: string | null;
  community: string;
  recipient: string;
  subject: string;
  createdAt: Date;
};

export const KEPT_MAIL_CONTEXT = 'kept-mail';
const COLUMNS = `k.id, k.community_id AS "communityId", COALESCE(c.name, '') AS community, k.recipient,
  k.subject_line AS subject, k.created_at AS "createdAt"`;

/** Bodies hold links that open things: they are sealed. */
export async function keepMail(
  db: Queryable,
  sealer: Sealer,
  { communityId, to, mail }: { communityId: string | null; to: string; mail: RenderedMail },
): Promise<void> {
  const { subject, html, text } = mail;
  await db.query(
    'INSERT INTO kept_mails (community_id, recipient, subject_line, sealed_body) VALUES ($1, $2, $3, $4)',
    [communityId, to, subject, sealer.seal(JSON.stringify({ html, text }), KEPT_MAIL_CONTEXT)],
  );
}

/** The newest ones, whichever community they are of: they are the operator's to read. */
export function listKeptMails(db: Queryable, limit = 200): Promise<KeptMail[]> {
  return db.query<KeptMail>(
    `SELECT ${COLUMNS}
     FROM kept_mails k LEFT JOIN communities c ON c.id = k.community_id ORDER BY k.id DESC LIMIT $1`,
    [limit],
  );
}

/** @throws SealError when it was sealed with a key that is gone */
export async function readKeptMail(
  db: Queryable,
  sealer: Sealer,
  id: string,
): Promise<(KeptMail & { text: string; html: string }) | undefined> {
  const [row] = await db.query<KeptMail & { sealed: Buffer }>(
    `SELECT ${COLUMNS}, k.sealed_body AS sealed
     FROM kept_mails k LEFT JOIN communities c ON c.id = k.community_id WHERE k.id = $1`,
    [id],
  );
  if (row === undefined) return undefined;
  const { sealed, ...mail } = row;
  return { ...mail, ...JSON.parse(sealer.open(sealed, KEPT_MAIL_CONTEXT).toString()) };
}
