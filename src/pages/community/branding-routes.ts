import { z } from 'zod';
import { type Logo, toLogo } from '../../domain/communities/logo.ts';
import { PICTURE_MAX_BYTES, PictureRefusedError } from '../../domain/pictures/make-picture.ts';
import type { Upload } from '../../platform/web/form-fields.ts';
import { oneOf } from '../../platform/web/form-fields.ts';
import { HOUSE_ACCENT, readableAccent } from '../../platform/web/theme.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin, adminRecent } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import { type BrandingForm, brandingFields, faultsOf } from './settings-form.ts';
import type { SettingsFault, SettingsPage } from './settings-pages.ts';
import { saveSettings } from './settings-routes.ts';

type BrandingPage = Extract<SettingsPage, { page: 'admin/branding' }>;

/** The community's colour, logo and welcome. */
export const ADMIN_BRANDING_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/settings/branding',
    who: admin,
    query: z.object({ notice: oneOf('saved') }),
    async handle({ parts, request, who, query: { notice } }) {
      const { accent, welcome } = request.community;
      const now = {
        accent: accent ?? HOUSE_ACCENT,
        own_accent: accent !== null,
        welcome: welcome ?? '',
        remove_logo: false,
      };
      await show(parts, request, who, now, { notice });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/settings/branding',
    who: adminRecent,
    form: brandingFields,
    file: { field: 'logo', maxBytes: PICTURE_MAX_BYTES },
    async handle({ parts, request, who, form, file }) {
      const made = form.remove_logo ? { logo: null } : await makeLogo(parts, request, file);
      if ('code' in made) return show(parts, request, who, form, { faults: [made] });
      const faults = await faultsOf(
        saveSettings(parts, request, who, {
          accent: form.own_accent ? form.accent.toLowerCase() : null,
          welcome: form.welcome === '' ? null : form.welcome,
          logo: made.logo,
        }),
      );
      // No page can put a file back into its field.
      const again: SettingsFault[] = made.logo ? [{ field: 'logo', code: 'again' }] : [];
      if (faults.length > 0)
        return show(parts, request, who, form, { faults: [...faults, ...again] });
      request.redirect('/admin/settings/branding?notice=saved');
    },
  }),
];

/** A logo as it is kept: an SVG that can run and fetch nothing, any other picture made anew. */
async function makeLogo(
  { pictures }: WebParts,
  { community }: CommunityRequest,
  file: Upload,
): Promise<{ logo: Logo | undefined } | (SettingsFault & { code: string })> {
  if (file === undefined) return { logo: undefined };
  if (file === 'too-large') return { field: 'logo', code: 'too-large' };
  const asIs = toLogo(file);
  if (!('fault' in asIs) && asIs.mediaType === 'image/svg+xml') return { logo: asIs };
  if ('fault' in asIs && isSvg(file)) return { field: 'logo', code: 'svg' };
  try {
    const logo = toLogo(await pictures.makeLogo(community.id, file));
    return 'fault' in logo ? { field: 'logo', code: 'broken' } : { logo };
  } catch (error) {
    if (!(error instanceof PictureRefusedError)) throw error;
    return { field: 'logo', code: error.fault };
  }
}

function isSvg(bytes: Buffer): boolean {
  return /<svg[\s>]/i.test(bytes.toString('latin1', 0, 4_096));
}

async function show(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
  form: BrandingForm,
  { faults = [], notice }: { faults?: SettingsFault[]; notice?: 'saved' | undefined },
): Promise<void> {
  const { basePath } = request.issuer;
  const { logoHash } = request.community;
  const page: BrandingPage = {
    page: 'admin/branding',
    frame: await adminFrame(parts, request),
    action: `${basePath}/admin/settings/branding`,
    csrf: request.csrf(),
    faults,
    notice,
    accent: form.accent,
    isOwnAccent: form.own_accent,
    corrected: form.own_accent ? correctedAccent(form.accent) : undefined,
    logoUrl: logoHash === null ? undefined : `${basePath}/logo?v=${logoHash.slice(0, 16)}`,
    welcome: form.welcome,
  };
  const isLarge = faults.some(({ code }) => code === 'too-large');
  request.page(page, { status: isLarge ? 413 : faults.length > 0 ? 400 : 200, member });
}

/** What pages have in the place of a colour that nobody could read text on, or as a link. */
function correctedAccent(accent: string): BrandingPage['corrected'] {
  if (!/^#[0-9a-f]{6}$/i.test(accent)) return undefined;
  const { ground, link } = readableAccent(accent);
  const own = accent.toLowerCase();
  if (ground === own && link === own) return undefined;
  return { button: ground === own ? undefined : ground, link: link === own ? undefined : link };
}
