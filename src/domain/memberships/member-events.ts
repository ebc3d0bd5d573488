import type { Actor, AuditEvent, Told } from '../../platform/events/record-event.ts';
import type { MemberRow } from './lock-members.ts';
import type { ChangedField, ChangedMember } from './member-change.ts';
import type { SettledMember } from './settle-member.ts';
import { STATUS_CHANGES } from './status-change.ts';

/** Fields whose changes have an event of their own. */
const TOLD_APART: readonly ChangedField[] = [
  'username',
  'role',
  'status',
  'password',
  'until',
  'roleUntil',
];

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
  const because = whyOf(member);
  const told: Told[] =
    before === undefined
      ? [{ type: 'member.created', details: beginning(member) }]
      : changes(member, before);
  for (const { id, until } of ties.add) {
    const end = until !== null && { until: until.toISOString() };
    told.push({ type: 'group.member-added', details: { group: groups.get(id), ...end } });
  }
  for (const { id, until } of ties.redate) {
    const details = { group: groups.get(id), until: until?.toISOString() ?? null };
    told.push({ type: 'group.member-end-set', details });
  }
  for (const id of ties.remove)
    told.push({ type: 'group.member-removed', details: { group: groups.get(id), ...because } });
  return told.map((event) => ({ communityId, actor, subject: after.subject, ...event }));
}

function beginning({ after: { username, role, status, until, roleUntil } }: SettledMember) {
  return {
    username,
    role,
    status,
    ...(until && { until: until.toISOString() }),
    ...(roleUntil && { roleUntil: roleUntil.toISOString() }),
  };
}

const ENDS = [
  ['until', 'member.end-set'],
  ['roleUntil', 'member.role-end-set'],
] as const;

/** Nobody took it away: its time was over. */
function whyOf({ change }: SettledMember): { because?: 'ended' } {
  return (change as ChangedMember).whatEnded ? { because: 'ended' } : {};
}

function changes(member: SettledMember, before: MemberRow): Told[] {
  const { after, changed, statusChange } = member;
  const change = member.change as ChangedMember;
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
    told.push({
      type: 'member.role-changed',
      details: { from: before.role, to: after.role, ...whyOf(member) },
    });
  for (const [field, type] of ENDS) {
    // That an end came is told by what it ended.
    if (!changed.includes(field) || change.whatEnded) continue;
    const at = (row: MemberRow) => row[field]?.toISOString() ?? null;
    told.push({ type, details: { before: at(before), until: at(after) } });
  }
  if (statusChange !== undefined) told.push({ type: STATUS_CHANGES[statusChange].event });
  return told;
}
