import { datesFor } from '../../platform/i18n/dates.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

/** A day in the visitor's language and the member's time zone. */
export function dayOf(
  { ctx, community }: CommunityRequest,
  date: Date,
  zone: string | null,
): string {
  return datesFor(localeOf(ctx, community.locale), zone).day(date);
}
