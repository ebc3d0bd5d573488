import type { PlacedFault } from '../refused-changes.ts';
import type { ChangedField, ChangedMember } from './member-change.ts';
import type { Role } from './membership-store.ts';
import {
  type Acting,
  mayChangeMember,
  mayChangePeopleOf,
  mayGiveStatus,
  rolesToGive,
} from './policy.ts';
import type { SettledMember } from './settle-member.ts';

/** Of others, nobody in a community sets these: they lead to all that the person has, elsewhere too. */
const THEIR_OWN: readonly ChangedField[] = ['email', 'password'];

/** Changes that are not for whoever asks for them, as the rows are under the change's locks. */
export function forbiddenChanges(
  members: readonly SettledMember[],
  by: Acting | undefined,
): PlacedFault[] {
  if (by === undefined) return [];
  return members.flatMap((member) => {
    const path = forbidden(member, by);
    if (path === undefined) return [];
    const { index, after } = member;
    const subject = `"${after.username}"`;
    return [
      {
        index,
        code: 'not-yours' as const,
        path: [path],
        subject,
        fault: 'is not yours to change so',
      },
    ];
  });
}

/** Which part of a change is. */
function forbidden(
  { before, after, change, changed, statusChange, ties }: SettledMember,
  by: Acting,
): string | undefined {
  const gives = (role: Role) => rolesToGive(by.role).includes(role);
  const groups = [...ties.add, ...ties.redate].map(({ id }) => id).concat(ties.remove);
  if (groups.some((id) => !mayChangePeopleOf(by, id))) return 'groups';
  // It would end the sessions of somebody whom they do not touch.
  const isOfOwner = before?.role === 'owner' && by.role !== 'owner';
  if (ties.remove.length > 0 && isOfOwner) return 'groups';
  if (before === undefined)
    return mayChangeMember(by, after) && gives(after.role) ? undefined : 'role';
  const own = changed.find((field) => THEIR_OWN.includes(field));
  const { emailVerified } = change as ChangedMember;
  if (own !== undefined || emailVerified !== undefined) return own ?? 'email';
  if (changed.length > 0 && !mayChangeMember(by, before)) return changed[0];
  const isOfRole = changed.some((field) => field === 'role' || field === 'roleUntil');
  if (isOfRole && !(gives(before.role) && gives(after.role))) return 'role';
  return statusChange !== undefined && !mayGiveStatus(statusChange) ? 'status' : undefined;
}
