import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

/** A day in the visitor's language and the member's time zone. */
export function dayOf(request: CommunityRequest, date: Date, zone: string | null): string {
  return new Intl.DateTimeFormat(localeOf(request.ctx, request.community.locale), {
    dateStyle: 'long',
    timeZone: zone ?? 'Europe/Paris',
  }).format(date);
}
