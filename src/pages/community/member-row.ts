import type { Issuer } from '../../domain/communities/issuer.ts';
import type { ListedMember } from '../../domain/memberships/list-members.ts';
import { pictureUrl } from '../../domain/pictures/picture-store.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { lastDay, lastDayField } from '../components/last-day.ts';
import type { MemberRow } from './member-pages.ts';

/** A member as the console shows them; `day` writes when they came. */
export function rowOf(
  { pictureKey, statusReason, secondFactor, createdAt, email, until, ...rest }: ListedMember,
  { issuer, day, locale }: { issuer: Issuer; day(date: Date): string; locale: Locale },
): MemberRow {
  const { basePath } = issuer;
  return {
    ...rest,
    email: email ?? undefined,
    pictureUrl: pictureKey === null ? undefined : pictureUrl(basePath, pictureKey),
    isHeld: statusReason === 'deletion',
    isOver: statusReason === 'ended',
    ...(until !== null && { until: lastDay(until, locale), untilDay: lastDayField(until) }),
    hasFactor: secondFactor,
    since: day(createdAt),
    url: `${basePath}/admin/members/${rest.subject}`,
  };
}
