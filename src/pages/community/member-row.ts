import type { Issuer } from '../../domain/communities/issuer.ts';
import { writeUntil } from '../../domain/ends/until.ts';
import type { ListedMember } from '../../domain/memberships/list-members.ts';
import { pictureUrl } from '../../domain/pictures/picture-store.ts';
import type { MemberRow } from './member-pages.ts';

/** A member as the console shows them; `day` writes when they came. */
export function rowOf(
  { pictureKey, statusReason, secondFactor, createdAt, email, until, ...rest }: ListedMember,
  { issuer, day }: { issuer: Issuer; day(date: Date): string },
): MemberRow {
  const { basePath } = issuer;
  return {
    ...rest,
    email: email ?? undefined,
    pictureUrl: pictureKey === null ? undefined : pictureUrl(basePath, pictureKey),
    isHeld: statusReason === 'deletion',
    isOver: statusReason === 'ended',
    ...(until !== null && lastDay(until, day)),
    hasFactor: secondFactor,
    since: day(createdAt),
    url: `${basePath}/admin/members/${rest.subject}`,
  };
}

/** What ends where a day begins is had for all of the day before. */
function lastDay(end: Date, day: (date: Date) => string) {
  const last = new Date(end.getTime() - 1);
  return { until: day(last), untilDay: writeUntil(end).slice(0, 10) };
}
