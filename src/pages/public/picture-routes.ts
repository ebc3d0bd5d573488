import { z } from 'zod';
import { loadPicture } from '../../domain/pictures/picture-store.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { anyone } from '../routing/who.ts';

export const PICTURE_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/pictures/:key',
    params: z.object({ key: z.string().regex(/^[\w-]{20,100}$/) }),
    who: anyone,
    async handle({ parts, request: { ctx, community }, params: { key } }) {
      const bytes = await loadPicture(parts.database, community.id, key);
      if (bytes === undefined) throw notFound('picture');
      ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
      // For the one browser: what lies between it and us must not show it after it was removed.
      ctx.set('Cache-Control', 'private, max-age=31536000, immutable');
      ctx.type = 'image/jpeg';
      ctx.body = bytes;
    },
  }),
];
