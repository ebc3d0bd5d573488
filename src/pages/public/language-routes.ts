import { z } from 'zod';
import { LOCALES } from '../../platform/i18n/locale.ts';
import { typed } from '../../platform/web/form-fields.ts';
import { keepLocale } from '../routing/chrome.ts';
import { route } from '../routing/community-route.ts';
import { hubRoute } from '../routing/hub-request.ts';
import { anyone } from '../routing/who.ts';

const choice = z.object({ locale: z.enum(LOCALES).catch('fr'), return_to: typed });

/** The switch at the foot of each page. */
export const COMMUNITY_LANGUAGE = route({
  method: 'POST',
  path: '/language',
  who: anyone,
  isAlwaysOpen: true,
  form: choice,
  handle({ request, form: { locale, return_to: back } }) {
    const { basePath } = request.issuer;
    keepLocale(request.ctx, locale, basePath || '/');
    // Only paths of this community: an address elsewhere would make us an open redirector.
    const isOwn = back === basePath || back.startsWith(`${basePath}/`);
    const isSafe = isOwn && !/^\/[/\\]|[\s\\]/.test(back);
    request.redirect(isSafe ? back.slice(basePath.length) || '/' : '/');
  },
});

export const HUB_LANGUAGE = hubRoute({
  method: 'POST',
  path: '/language',
  who: anyone,
  form: choice,
  handle({ request, form: { locale, return_to: back } }) {
    keepLocale(request.ctx, locale, '/');
    const isSafe = /^\/[\w./-]*(\?[\w=&%.-]*)?$/.test(back) && !back.startsWith('//');
    request.redirect(isSafe && request.isPage(back.split('?')[0] as string) ? back : '/');
  },
});
