import { changePreferences } from '../../domain/memberships/change-profile.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { DEFAULT_ZONE } from '../../platform/i18n/dates.ts';
import { LOCALES, type Locale } from '../../platform/i18n/locale.ts';
import { keepLocale, localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { requireSignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { AccountPage } from './pages.ts';
import { timesFor } from './times.ts';

type LanguagePage = Extract<AccountPage, { page: 'account/language' }>;

export const LANGUAGE_ROUTES: CommunityRoutes = [
  ['GET', /^\/account\/language$/, (_parts, request) => showLanguage(request)],
  ['POST', /^\/account\/language$/, submitLanguage],
];

async function showLanguage(request: CommunityRequest): Promise<void> {
  const who = await requireSignedIn(request);
  if (who === undefined) return;
  const notice = request.ctx.query.notice === 'saved' ? 'saved' : undefined;
  request.page(languagePage(request, who.member, { notice }), { member: who.member });
}

function languagePage(
  request: CommunityRequest,
  member: Member,
  change: Partial<LanguagePage>,
): LanguagePage {
  const zone = member.zoneinfo ?? DEFAULT_ZONE;
  return {
    page: 'account/language',
    action: `${request.issuer.basePath}/account/language`,
    csrf: request.csrf(),
    locale: (member.locale as Locale | null) ?? localeOf(request.ctx, request.community.locale),
    zoneinfo: zone,
    regions: regionsWith(zone),
    now: timesFor(request, member).moment(new Date()),
    faults: [],
    ...change,
  };
}

async function submitLanguage(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireSignedIn(request);
  if (who === undefined) return;
  const fields = await request.form();
  const { member } = who;
  const locale = LOCALES.find((one) => one === fields.locale);
  const { zoneinfo = '' } = fields;
  const faults: LanguagePage['faults'] = [];
  if (locale === undefined) faults.push({ field: 'locale', code: 'locale' });
  if (!knownZones().includes(zoneinfo) && zoneinfo !== member.zoneinfo) {
    faults.push({ field: 'zoneinfo', code: 'zoneinfo' });
  }
  if (locale === undefined || faults.length > 0) {
    const page = languagePage(request, member, { faults, ...(locale && { locale }) });
    request.page(page, { status: 400, member });
    return;
  }
  const { subject } = member;
  await parts.database.transaction((tx) =>
    changePreferences(tx, request.community.id, subject, { locale, zoneinfo }, `member:${subject}`),
  );
  await parts.settle();
  keepLocale(request.ctx, locale, request.issuer.basePath || '/');
  request.redirect('/account/language?notice=saved');
}

/** Every zone that the runtime knows, and the one that stands for none. */
function knownZones(): string[] {
  return [...Intl.supportedValuesOf('timeZone'), 'UTC'];
}

/** The zones as a list of choices: by region, the member's own among them whatever it is. */
function regionsWith(own: string): LanguagePage['regions'] {
  const zones = [...new Set([...knownZones(), own])].sort();
  const byRegion = Map.groupBy(zones, (id) =>
    id.includes('/') ? (id.split('/')[0] as string) : 'UTC',
  );
  return [...byRegion].map(([name, ids]) => ({
    name,
    zones: ids.map((id) => ({
      id,
      name: id.split('/').slice(1).join(' – ').replaceAll('_', ' ') || id,
    })),
  }));
}
