import type { Queryable } from '../../platform/database/database.ts';
import { tokenHash } from '../../platform/secrets/token-hash.ts';
import { TOKEN_VOUCHED } from '../memberships/end-api-tokens.ts';
import type { ApiToken, Bearer } from './api-token.ts';
import { isApiToken } from './token-form.ts';

const SELECT = `SELECT t.id, t.name, t.scopes, t.created_at AS "createdAt", t.expires_at AS "expiresAt",
    t.last_used_at AS "lastUsedAt",
    CASE WHEN c.subject IS NULL THEN NULL
      ELSE jsonb_build_object('subject', c.subject, 'displayName', c.display_name) END AS "createdBy",
    CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
      WHEN t.expires_at <= now() THEN 'expired'
      WHEN NOT ${TOKEN_VOUCHED} THEN 'revoked'
      ELSE 'active' END AS state
  FROM api_tokens t
  LEFT JOIN memberships c ON c.community_id = t.community_id AND c.subject = t.created_by
  WHERE t.community_id IS NOT DISTINCT FROM $1`;

/** Tokens of a community, or of the hub where none is given: those that are good first, the newest first. */
export function listApiTokens(
  db: Queryable,
  communityId: string | undefined,
  limit = 200,
): Promise<ApiToken[]> {
  return db.query<ApiToken>(
    `SELECT * FROM (${SELECT}) o ORDER BY state = 'active' DESC, "createdAt" DESC, id LIMIT $2`,
    [communityId ?? null, limit],
  );
}

/** @param id a UUID */
export async function findApiToken(
  db: Queryable,
  communityId: string | undefined,
  id: string,
): Promise<ApiToken | undefined> {
  const [row] = await db.query<ApiToken>(`${SELECT} AND t.id = $2`, [communityId ?? null, id]);
  return row;
}

type Found = {
  bearer: Omit<Bearer, 'community' | 'voucher'> & {
    community: Bearer['community'] | null;
    voucher: Bearer['voucher'] | null;
  };
  /** Whether its last use was noted longer than a minute ago. */
  isNoteDue: boolean;
};

/**
 * Who shows this token; undefined when it is none, has ended, was revoked, or nobody vouches for it any more. What
 * it may do is what it says now: nothing of it is remembered.
 */
export async function findBearer(
  db: Queryable,
  token: string,
): Promise<(Bearer & { isNoteDue: boolean }) | undefined> {
  if (!isApiToken(token)) return undefined;
  const [row] = await db.query<Found>(
    `SELECT jsonb_build_object('tokenId', t.id, 'scopes', t.scopes,
       'community', CASE WHEN c.id IS NOT NULL
         THEN jsonb_build_object('id', c.id, 'slug', c.slug, 'state', c.state) END,
       'voucher', CASE WHEN t.created_by IS NOT NULL
         THEN jsonb_build_object('subject', t.created_by, 'role', t.created_as) END) AS bearer,
       COALESCE(t.last_used_at < now() - interval '1 minute', true) AS "isNoteDue"
     FROM api_tokens t LEFT JOIN communities c ON c.id = t.community_id
     WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > now() AND ${TOKEN_VOUCHED}`,
    [tokenHash(token)],
    'find-bearer',
  );
  if (row === undefined) return undefined;
  const { community, voucher, ...bearer } = row.bearer;
  const { isNoteDue } = row;
  return { ...bearer, community: community ?? undefined, voucher: voucher ?? undefined, isNoteDue };
}

/** Notes that a token is used, once a minute at the most: many requests at once write one row once. */
export async function noteUse(db: Queryable, tokenId: string): Promise<void> {
  await db.query(
    `UPDATE api_tokens SET last_used_at = now()
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
    [tokenId],
  );
}
