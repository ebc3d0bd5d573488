import type { Context } from 'koa';
import type { Community } from '../../domain/communities/community.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Queryable } from '../../platform/database/database.ts';

/**
 * The hub's `/.well-known/webauthn` (WebAuthn level 3 section 5.11): where passkeys of its RP ID may be used.
 * Browsers look at five distinct names at the most; the hub's own comes first.
 */
export async function sendHubOrigins(
  parts: { config: Pick<Config, 'url'>; database: Queryable },
  ctx: Context,
): Promise<void> {
  const hosts = await parts.database.query<{ host: string }>(
    `SELECT h.host FROM community_hosts h JOIN communities c ON c.id = h.community_id
     WHERE c.state = 'active' ORDER BY c.created_at, c.id, h.position, h.host`,
  );
  send(ctx, [parts.config.url.origin, ...hosts.map(({ host }) => `https://${host}`)]);
}

/** The same of a community's host: its own addresses, and no other community's. */
export function sendCommunityOrigins(
  config: Pick<Config, 'url'>,
  ctx: Context,
  { hosts }: Pick<Community, 'hosts'>,
): void {
  send(ctx, [...hosts.map((host) => `https://${host}`), config.url.origin]);
}

function send(ctx: Context, origins: string[]): void {
  ctx.type = 'application/json';
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.body = { origins };
}
