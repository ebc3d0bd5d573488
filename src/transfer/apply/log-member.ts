import type { SettledCommunity } from './apply-communities.ts';
import type { GroupChange } from './apply-member-groups.ts';
import type { MemberRow, SettledMember } from './apply-members.ts';
import type { ApplyEvent } from './plan.ts';
import type { ApplyRun } from './run.ts';

/** Keys that have an event of their own. */
const TOLD_APART: readonly (keyof MemberRow)[] = ['username', 'role', 'status', 'passwordHash'];
const FILE_KEYS: Partial<Record<keyof MemberRow, string>> = {
  passwordHash: 'password',
  emailVerified: 'email',
};

/** Tells of a member in one line of the plan, and in the events that the same changes have elsewhere. */
export function logMember(
  run: ApplyRun,
  { row: { id: communityId, slug } }: SettledCommunity,
  member: SettledMember,
  groups: Readonly<GroupChange>,
): void {
  const { before, after, changed } = member;
  const isNew = before === undefined;
  const inGroups = groups.added.length + groups.removed.length > 0;
  const fields = isNew ? [] : fileKeys(inGroups ? [...changed, 'groups'] : changed);
  if (!isNew && fields.length === 0) return;
  const events = isNew ? [created(after)] : changes(before, after, changed);
  run.log.add(
    {
      action: isNew ? 'create' : 'update',
      kind: 'member',
      community: slug,
      name: after.username,
      fields,
    },
    ...[...events, ...groupEvents(groups)].map((event) => ({
      ...event,
      communityId,
      subject: after.subject,
    })),
  );
}

function fileKeys(keys: readonly string[]): string[] {
  return [...new Set(keys.map((key) => FILE_KEYS[key as keyof MemberRow] ?? key))];
}

function created({ username, role, status }: MemberRow): ApplyEvent {
  return { type: 'member.created', details: { username, role, status } };
}

/** A changed password is told of where its sessions end (end-lost-sessions.ts). */
function changes(
  before: MemberRow,
  after: MemberRow,
  changed: readonly (keyof MemberRow)[],
): ApplyEvent[] {
  const events: ApplyEvent[] = [];
  const rest = changed.filter((key) => !TOLD_APART.includes(key));
  if (rest.length > 0) events.push({ type: 'member.updated', details: { fields: fileKeys(rest) } });
  if (changed.includes('username')) {
    const details = { from: before.username, to: after.username };
    events.push({ type: 'member.renamed', details });
  }
  if (changed.includes('role')) {
    events.push({ type: 'member.role-changed', details: { from: before.role, to: after.role } });
  }
  if (changed.includes('status')) {
    events.push({
      type: statusEvent(before.status, after.status),
      details: { from: before.status },
    });
  }
  return events;
}

function statusEvent(before: MemberRow['status'], after: MemberRow['status']): string {
  if (after !== 'active') return `member.${after}`;
  return before === 'suspended' ? 'member.resumed' : 'member.admitted';
}

function groupEvents({ added, removed }: Readonly<GroupChange>): ApplyEvent[] {
  return [
    ...added.map((group) => ({ type: 'group.member-added', details: { group } })),
    ...removed.map((group) => ({ type: 'group.member-removed', details: { group } })),
  ];
}
