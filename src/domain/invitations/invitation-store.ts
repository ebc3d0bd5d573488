import type { Queryable } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { tokenHash } from '../../platform/secrets/token-hash.ts';
import { VOUCHED } from '../memberships/end-invitations.ts';
import { type Invitation, invitationContext } from './invitation.ts';

/** Longer than any token of ours. */
const MAX_TOKEN = 200;

const SELECT = `SELECT i.id, i.label, i.role, i.email, i.max_uses AS "maxUses", i.uses,
    i.created_at AS "createdAt", i.expires_at AS "expiresAt",
    CASE WHEN c.subject IS NULL THEN NULL
      ELSE jsonb_build_object('subject', c.subject, 'displayName', c.display_name) END AS "createdBy",
    COALESCE((SELECT jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) ORDER BY g.name_key)
      FROM invitation_groups ig JOIN groups g ON g.community_id = ig.community_id AND g.id = ig.group_id
      WHERE ig.community_id = i.community_id AND ig.invitation_id = i.id), '[]') AS groups,
    CASE WHEN i.revoked_at IS NOT NULL THEN 'revoked'
      WHEN i.uses >= i.max_uses THEN 'used-up'
      WHEN i.expires_at <= now() THEN 'expired'
      WHEN NOT ${VOUCHED} THEN 'revoked'
      ELSE 'open' END AS state
  FROM invitations i
  LEFT JOIN memberships c ON c.community_id = i.community_id AND c.subject = i.created_by
  WHERE i.community_id = $1`;

/** The invitation that a link opens, whatever its state. Looking at it changes nothing. */
export async function findInvitation(
  db: Queryable,
  communityId: string,
  token: string,
): Promise<Invitation | undefined> {
  if (token.length > MAX_TOKEN) return undefined;
  const [row] = await db.query<Invitation>(`${SELECT} AND i.token_hash = $2`, [
    communityId,
    tokenHash(token),
  ]);
  return row;
}

/** @param id a UUID */
export async function findInvitationById(
  db: Queryable,
  communityId: string,
  id: string,
): Promise<Invitation | undefined> {
  const [row] = await db.query<Invitation>(`${SELECT} AND i.id = $2`, [communityId, id]);
  return row;
}

/** The newest ones, those that can be used first. */
export function listInvitations(
  db: Queryable,
  communityId: string,
  limit = 200,
): Promise<Invitation[]> {
  return db.query<Invitation>(
    `SELECT * FROM (${SELECT}) o ORDER BY state = 'open' DESC, "createdAt" DESC, id LIMIT $2`,
    [communityId, limit],
  );
}

/**
 * All of them, a page at a time, the newest first.
 * @param after the id of the last one of the page before
 */
export function pageOfInvitations(
  db: Queryable,
  communityId: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<Invitation[]> {
  return db.query<Invitation>(
    `${SELECT} AND ($2::uuid IS NULL OR (i.created_at, i.id) <
       (SELECT l.created_at, l.id FROM invitations l WHERE l.community_id = $1 AND l.id = $2))
     ORDER BY i.created_at DESC, i.id DESC LIMIT $3`,
    [communityId, after ?? null, limit],
  );
}

export async function countOpenInvitations(db: Queryable, communityId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (${SELECT}) o WHERE state = 'open'`,
    [communityId],
  );
  return row?.count ?? 0;
}

/** The token of an invitation, so that its link can be shown and sent again. @throws SealError */
export async function readInvitationToken(
  db: Queryable,
  sealer: Sealer,
  communityId: string,
  id: string,
): Promise<string | undefined> {
  const [row] = await db.query<{ sealed: Buffer }>(
    'SELECT sealed_token AS sealed FROM invitations WHERE community_id = $1 AND id = $2',
    [communityId, id],
  );
  return row && sealer.open(row.sealed, invitationContext(communityId, id)).toString();
}
