import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';

export type LinkKind = 'registration' | 'verification' | 'recovery' | 'assisted-recovery' | 'join';

/** What a link was made for. */
export type Link = {
  kind: LinkKind;
  /** The member whom it is about; null where there is none yet. */
  subject: string | null;
  /** The address that it was sent to. */
  email: string | null;
  details: Record<string, unknown>;
  createdAt: Date;
  expiresAt: Date;
};

export type NewLink = {
  kind: LinkKind;
  subject?: string;
  email?: string;
  details?: Record<string, unknown>;
  /** How long it can be opened. */
  hours: number;
};

/** Longer than any token of ours. */
const MAX_TOKEN = 200;
const COLUMNS = `kind, subject, email, details, created_at AS "createdAt", expires_at AS "expiresAt"`;

/** @returns the token that the link's address ends in; only its hash is kept */
export async function mintLink(
  db: Queryable,
  communityId: string,
  { kind, subject, email, details, hours }: NewLink,
): Promise<string> {
  const token = newToken();
  await db.query(
    `INSERT INTO links (community_id, token_hash, kind, subject, email, details, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 hour')`,
    [
      communityId,
      tokenHash(token),
      kind,
      subject ?? null,
      email ?? null,
      JSON.stringify(details ?? {}),
      hours,
    ],
  );
  return token;
}

/** A link that can still be opened. Looking at it changes nothing: mail scanners open links, too. */
export async function findLink(
  db: Queryable,
  communityId: string,
  kind: LinkKind,
  token: string,
): Promise<Link | undefined> {
  if (token.length > MAX_TOKEN) return undefined;
  const [link] = await db.query<Link>(
    `SELECT ${COLUMNS} FROM links WHERE community_id = $1 AND token_hash = $2 AND kind = $3
       AND used_at IS NULL AND expires_at > now()`,
    [communityId, tokenHash(token), kind],
  );
  return link;
}

/**
 * Uses a link up, in the transaction of what it opens: when that fails the link can be opened again.
 * @returns undefined when it was used, has expired, or is another community's; of two at once, for one
 */
export async function spendLink(
  tx: Transaction,
  communityId: string,
  kind: LinkKind,
  token: string,
): Promise<Link | undefined> {
  if (token.length > MAX_TOKEN) return undefined;
  const [link] = await tx.query<Link>(
    `UPDATE links SET used_at = now() WHERE community_id = $1 AND token_hash = $2 AND kind = $3
       AND used_at IS NULL AND expires_at > now() RETURNING ${COLUMNS}`,
    [communityId, tokenHash(token), kind],
  );
  return link;
}

/** Ends the links of a kind that a member still has: a newer one, or what they did, makes them worthless. */
export function endLinks(
  tx: Transaction,
  communityId: string,
  kinds: readonly LinkKind[],
  subject: string,
): Promise<void> {
  return endLinksOf(tx, communityId, kinds, [subject]);
}

/** The same in every community of people. */
export async function endLinksOfPersons(
  tx: Transaction,
  kinds: readonly LinkKind[],
  personIds: readonly string[],
): Promise<void> {
  await tx.query(
    `UPDATE links l SET used_at = now() FROM memberships m
     WHERE m.person_id = ANY($1::uuid[]) AND l.community_id = m.community_id AND l.subject = m.subject
       AND l.kind = ANY($2) AND l.used_at IS NULL`,
    [personIds, kinds],
  );
}

export async function endLinksOf(
  tx: Transaction,
  communityId: string,
  kinds: readonly LinkKind[],
  subjects: readonly string[],
): Promise<void> {
  if (subjects.length === 0) return;
  await tx.query(
    `UPDATE links SET used_at = now() WHERE community_id = $1 AND subject = ANY($2::uuid[]) AND kind = ANY($3)
       AND used_at IS NULL`,
    [communityId, subjects, kinds],
  );
}
