import type { Actor, AuditEvent, Told } from '../../platform/events/record-event.ts';
import type { ChangedField } from './member-change.ts';
import type { SettledMember } from './settle-member.ts';
import { STATUS_CHANGES } from './status-change.ts';

/** Fields whose changes have an event of their own. */
const TOLD_APART: readonly ChangedField[] = ['username', 'role', 'status', 'password'];

/**
 * The events of one member's change, in the order in which it is told. A new password is told in every
 * community of the person: `changePasswords`.
 * @param groups names of groups, by their ids
 */
export function memberEvents(
  communityId: string,
  member: SettledMember,
  groups: ReadonlyMap<string, string>,
  actor: Actor,
): AuditEvent[] {
  const { before, after, ties } = member;
  const told: Told[] =
    before === undefined
      ? [{ type: 'member.created', details: beginning(member) }]
      : changes(member, before);
  for (const id of ties.add)
    told.push({ type: 'group.member-added', details: { group: groups.get(id) } });
  for (const id of ties.remove)
    told.push({ type: 'group.member-removed', details: { group: groups.get(id) } });
  return told.map((event) => ({ communityId, actor, subject: after.subject, ...event }));
}

function beginning({ after: { username, role, status } }: SettledMember) {
  return { username, role, status };
}

function changes(
  { after, changed, statusChange }: SettledMember,
  before: NonNullable<SettledMember['before']>,
): Told[] {
  const told: Told[] = [];
  // Which fields, not what is in them: people may wish that what they took back is forgotten.
  const fields = changed.filter((field) => !TOLD_APART.includes(field));
  if (fields.length > 0) told.push({ type: 'member.updated', details: { fields } });
  if (changed.includes('username'))
    told.push({
      type: 'member.renamed',
      details: { from: before.username, to: after.username },
    });
  if (changed.includes('role'))
    told.push({ type: 'member.role-changed', details: { from: before.role, to: after.role } });
  if (statusChange !== undefined) told.push({ type: STATUS_CHANGES[statusChange].event });
  return told;
}
