import { z } from 'zod';
import { changePreferences } from '../../domain/memberships/change-profile.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { DEFAULT_ZONE } from '../../platform/i18n/dates.ts';
import { LOCALES, type Locale } from '../../platform/i18n/locale.ts';
import { oneOf, typed } from '../../platform/web/form-fields.ts';
import { timesFor } from '../components/times.ts';
import { keepLocale, localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { member } from '../routing/who.ts';
import type { AccountPage } from './pages.ts';

type LanguagePage = Extract<AccountPage, { page: 'account/language' }>;

export const LANGUAGE_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/language',
    who: member,
    query: z.object({ notice: oneOf('saved') }),
    handle({ request, who, query: { notice } }) {
      request.page(languagePage(request, who.member, { notice }), { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/account/language',
    who: member,
    form: z.object({ locale: oneOf(...LOCALES), zoneinfo: typed }),
    async handle({ parts, request, who, form: { locale, zoneinfo } }) {
      const { member } = who;
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
        changePreferences(
          tx,
          request.community.id,
          subject,
          { locale, zoneinfo },
          `member:${subject}`,
        ),
      );
      await parts.settle();
      keepLocale(request.ctx, locale, request.issuer.basePath || '/');
      request.redirect('/account/language?notice=saved');
    },
  }),
];

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
