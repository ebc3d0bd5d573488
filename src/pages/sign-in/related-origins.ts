import type { Context } from 'koa';
import { notFound } from '../../platform/web/http-errors.ts';
import { route } from '../routing/community-route.ts';
import { hubRoute } from '../routing/hub-request.ts';
import { anyone } from '../routing/who.ts';

/**
 * The hub's `/.well-known/webauthn` (WebAuthn level 3 section 5.11): where passkeys of its RP ID may be used.
 * Browsers look at five distinct names at the most; the hub's own comes first. Hosts that the operator gave only:
 * what stands at one that a community proved is in its hands, and must not ask for passkeys that open others.
 */
export const HUB_ORIGINS = hubRoute({
  method: 'GET',
  path: '/.well-known/webauthn',
  who: anyone,
  async handle({ parts, request }) {
    const hosts = await parts.database.query<{ host: string }>(
      `SELECT h.host FROM community_hosts h JOIN communities c ON c.id = h.community_id
       WHERE c.state = 'active' AND NOT EXISTS (SELECT FROM host_claims p
         WHERE p.community_id = h.community_id AND p.host = h.host)
       ORDER BY c.created_at, c.id, h.position, h.host`,
    );
    send(request.ctx, [parts.config.url.origin, ...hosts.map(({ host }) => `https://${host}`)]);
  },
});

/** The same of a community's host: its own addresses, and no other community's. */
export const COMMUNITY_ORIGINS = route({
  method: 'GET',
  path: '/.well-known/webauthn',
  who: anyone,
  isAlwaysOpen: true,
  handle({ parts, request: { ctx, community, issuer } }) {
    // It is a host's, and below a path it says nothing.
    if (issuer.basePath !== '') throw notFound('no such address');
    const own = community.hosts.map((host) => `https://${host}`);
    send(ctx, [...own, parts.config.url.origin]);
  },
});

function send(ctx: Context, origins: string[]): void {
  ctx.type = 'application/json';
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.body = { origins };
}
