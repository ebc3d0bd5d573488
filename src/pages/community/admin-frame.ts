import { countMembers } from '../../domain/memberships/membership-store.ts';
import { countAccessRequests } from '../../domain/services/service-store.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { AdminFrame } from './pages.ts';

/** What stands around every admin page. */
export async function adminFrame(
  { database }: Pick<WebParts, 'database'>,
  { community, issuer }: CommunityRequest,
): Promise<AdminFrame> {
  return {
    base: `${issuer.basePath}/admin`,
    requestsWaiting:
      (await countMembers(database, community.id, { status: 'requested' })) +
      (await countAccessRequests(database, community.id)),
  };
}

/** A day as the admin reads it: in the page's language, and in their own time zone. */
export function dayFor(
  { ctx, community }: CommunityRequest,
  { member }: SignedIn,
): (date: Date) => string {
  return datesFor(localeOf(ctx, community.locale), member.zoneinfo).day;
}
