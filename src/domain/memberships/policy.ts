import type { SettingsChange } from '../communities/community-settings.ts';
import type { Role, Status } from './membership-store.ts';
import type { StatusChange } from './status-change.ts';

/**
 * Who may do what to whom in a community, in one place: guards of pages and of the API ask it to show and to let in,
 * changes ask it under their locks. The operator at the command line, a file and the hub itself are not asked.
 *
 * - An owner does everything but leave the community without one (`lastOwnerFaults`).
 * - An admin looks after members, admins and groups; touches no owner, gives and takes no role, and leaves the settings
 *   that guard owners (`OWNERS_SETTINGS`).
 * - A group's manager changes who is in that group, whoever they are, invites into it, and nothing else.
 * - A member changes what is their own.
 *
 * Nobody sees or sets another's credentials or addresses: who could, could be them.
 */
export type Acting = {
  subject: string;
  role: Role;
  status: Status;
  /** Ids of the groups that they manage. */
  manages: ReadonlySet<string>;
};

/** Whoever looks after the community: its members, groups, services. */
export function looksAfter({ role, status }: Pick<Acting, 'role' | 'status'>): boolean {
  return status === 'active' && role !== 'member';
}

/** Whether somebody of this role may change, end and see the sessions of somebody of that one: an admin touches no owner. */
export function mayManage(own: Role, other: Role): boolean {
  return own === 'owner' || (own === 'admin' && other !== 'owner');
}

/**
 * The roles that somebody of this role gives and takes: only an owner makes and unmakes those who look after the
 * community, or an admin could make the second of the two who give accounts back.
 */
export function rolesToGive(own: Role): readonly Role[] {
  if (own === 'owner') return ['member', 'admin', 'owner'];
  return own === 'admin' ? ['member'] : [];
}

/** Whether somebody of this role may make, see and send invitations that give that one: whoever holds the link gets it. */
export function mayInviteAs(own: Role, given: Role): boolean {
  return own === 'owner' || (own === 'admin' && given === 'member');
}

/** The same of a group's manager: as a plain member, into groups that are theirs, and into one at least. */
export function mayInviteInto(
  manages: ReadonlySet<string>,
  { role, groupIds }: { role: Role; groupIds: readonly string[] },
): boolean {
  return role === 'member' && groupIds.length > 0 && groupIds.every((id) => manages.has(id));
}

/** Names, role, end and status of a member, as they are now. */
export function mayChangeMember(by: Acting, { role }: { role: Role }): boolean {
  return looksAfter(by) && mayManage(by.role, role);
}

/** Settings that guard the accounts of owners, too: theirs to change. */
export const OWNERS_SETTINGS = [
  'secondFactor',
  'secondFactorFrom',
  'recoveryDelayHours',
] as const satisfies (keyof SettingsChange)[];

/** What a member alone, or the operator, does to a membership is not among them. */
const STATUSES_TO_GIVE: readonly StatusChange[] = ['suspend', 'resume', 'admit', 'refuse', 'leave'];

export function mayGiveStatus(change: StatusChange): boolean {
  return STATUSES_TO_GIVE.includes(change);
}

/** Who is in a group: to add people, to take them out, to answer those who ask. */
export function mayChangePeopleOf(by: Acting, groupId: string): boolean {
  return looksAfter(by) || (by.status === 'active' && by.manages.has(groupId));
}
