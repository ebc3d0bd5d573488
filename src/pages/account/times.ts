import type { Member } from '../../domain/memberships/member.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

const DEFAULT_ZONE = 'Europe/Paris';

/** Times as a member reads them: in the page's language, and in their own time zone. */
export type Times = {
  day(date: Date): string;
  /** The day with its name, as a heading. */
  longDay(date: Date): string;
  /** Day and time. */
  moment(date: Date): string;
  time(date: Date): string;
};

export function timesFor(request: CommunityRequest, { zoneinfo }: Pick<Member, 'zoneinfo'>): Times {
  const locale = localeOf(request.ctx, request.community.locale);
  const timeZone = zoneinfo ?? DEFAULT_ZONE;
  const write = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone, ...options });
    return (date: Date) => format.format(date);
  };
  return {
    day: write({ dateStyle: 'long' }),
    longDay: write({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    moment: write({ dateStyle: 'long', timeStyle: 'short' }),
    time: write({ timeStyle: 'short' }),
  };
}

/** The member's time zone, or the one that stands for those who chose none. */
export function zoneOf({ zoneinfo }: Pick<Member, 'zoneinfo'>): string {
  return zoneinfo ?? DEFAULT_ZONE;
}
