import { loadLogo } from '../../domain/communities/community-store.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { themeCss } from '../../platform/web/theme.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { anyone } from '../routing/who.ts';

/** What a community's pages look like; their addresses change with what they hold. */
export const BRANDING_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/logo',
    who: anyone,
    isAlwaysOpen: true,
    async handle({ parts, request: { ctx, community } }) {
      const logo = await loadLogo(parts.database, community.id);
      if (logo === undefined) throw notFound('logo');
      // Opened by itself, an SVG is a document: it gets no rights at all.
      ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.type = logo.mediaType;
      ctx.body = logo.bytes;
    },
  }),
  route({
    method: 'GET',
    path: '/theme.css',
    who: anyone,
    isAlwaysOpen: true,
    handle({ request: { ctx, community } }) {
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.type = 'css';
      ctx.body = themeCss(community.accent ?? '');
    },
  }),
];
