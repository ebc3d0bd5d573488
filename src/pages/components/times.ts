import type { Member } from '../../domain/memberships/member.ts';
import { type Dates, datesFor } from '../../platform/i18n/dates.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

/** Times as a member reads them: in the page's language, and in their own time zone. */
export function timesFor(
  { ctx, community }: CommunityRequest,
  { zoneinfo }: Pick<Member, 'zoneinfo'>,
): Dates {
  return datesFor(localeOf(ctx, community.locale), zoneinfo);
}
