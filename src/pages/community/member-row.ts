import type { Issuer } from '../../domain/communities/issuer.ts';
import type { ListedMember } from '../../domain/memberships/list-members.ts';
import { pictureUrl } from '../../domain/pictures/picture-store.ts';
import type { MemberRow } from './member-pages.ts';

/** A member as the console shows them; `day` writes when they came. */
export function rowOf(
  { pictureKey, statusReason, secondFactor, createdAt, email, ...rest }: ListedMember,
  { issuer, day }: { issuer: Issuer; day(date: Date): string },
): MemberRow {
  const { basePath } = issuer;
  return {
    ...rest,
    email: email ?? undefined,
    pictureUrl: pictureKey === null ? undefined : pictureUrl(basePath, pictureKey),
    isHeld: statusReason !== null,
    hasFactor: secondFactor,
    since: day(createdAt),
    url: `${basePath}/admin/members/${rest.subject}`,
  };
}
