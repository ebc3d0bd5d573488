import { loadPicture } from '../../domain/pictures/picture-store.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';

export const PICTURE_ROUTES: CommunityRoutes = [
  [
    'GET',
    /^\/pictures\/([\w-]{20,100})$/,
    async (parts, { ctx, community }, [key]) => {
      const bytes = await loadPicture(parts.database, community.id, key as string);
      if (bytes === undefined) throw notFound('picture');
      ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
      // For the one browser: what lies between it and us must not show it after it was removed.
      ctx.set('Cache-Control', 'private, max-age=31536000, immutable');
      ctx.type = 'image/jpeg';
      ctx.body = bytes;
    },
  ],
];
