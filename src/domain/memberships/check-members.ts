import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { PlacedFault } from '../refused-changes.ts';
import {
  type Holder,
  holdersOfAddresses,
  holdersOfUsernames,
  type MemberRow,
} from './lock-members.ts';
import type { SettledMember } from './settle-member.ts';

const keyOf = (name: string | null | undefined) => (name == null ? undefined : nameKey(name));

/**
 * Usernames that two members would have. Whoever has left keeps theirs: apps may still hold an account of
 * that name.
 */
export async function takenUsernames(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<PlacedFault[]> {
  const wanting = members.filter(
    ({ before, after }) => keyOf(before?.username) !== nameKey(after.username),
  );
  const keys = wanting.map(({ after }) => nameKey(after.username));
  const holders = await holdersOfUsernames(tx, communityId, keys);
  const faults: PlacedFault[] = [];
  for (const { index, after } of wanting) {
    const key = nameKey(after.username);
    if (!holders.has(key)) {
      holders.set(key, { key, ...after });
      continue;
    }
    const subject = `"${after.username}"`;
    const fault = 'is taken: another member has the username';
    faults.push({ index, code: 'username-taken', path: ['username'], subject, fault });
  }
  return faults;
}

/**
 * Addresses that two members would have, and those of members who have left, which become free. Members who
 * change together may pass theirs on to one another.
 */
export async function takenAddresses(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<{ faults: PlacedFault[]; released: string[] }> {
  const changing = new Map(members.map((member) => [member.after.subject, member]));
  const wanting = members.filter(
    ({ before, after }) => after.email !== null && keyOf(before?.email) !== nameKey(after.email),
  );
  const keys = wanting.map(({ after }) => nameKey(after.email as string));
  const stored = await holdersOfAddresses(tx, communityId, keys);
  const given = new Map<string, Holder>();
  const faults: PlacedFault[] = [];
  const released: string[] = [];
  for (const { index, after } of wanting) {
    const key = nameKey(after.email as string);
    const holder = given.get(key) ?? holderAfter(stored.get(key), changing);
    given.set(key, { key, ...after });
    if (holder === undefined) continue;
    if (holder.status === 'left') released.push(key);
    else {
      const subject = `"${after.email}"`;
      const fault = `is the address of the member ${holder.username}: give another, or change theirs`;
      faults.push({ index, code: 'email-taken', path: ['email'], subject, fault });
    }
  }
  return { faults, released };
}

/** Whoever has an address now, as they will be; undefined when they let go of it. */
function holderAfter(
  holder: Holder | undefined,
  changing: ReadonlyMap<string, SettledMember>,
): Holder | undefined {
  const after = holder && changing.get(holder.subject)?.after;
  if (holder === undefined || after === undefined) return holder;
  return keyOf(after.email) === holder.key ? { ...holder, status: after.status } : undefined;
}

/**
 * A community never loses its last owner: nobody would be left to look after it. An owner whose role or membership
 * has an end does not count: it would come when nobody is there to refuse it. The operator may stop
 * anybody at once, an owner whose account was taken, say; it can be undone.
 * @param owners subjects of the lasting owners before
 */
export function lastOwnerFaults(
  members: readonly SettledMember[],
  owners: readonly string[],
  actor: Actor,
): PlacedFault[] {
  const left = new Set(owners);
  for (const { after } of members) {
    if (isLastingOwner(after)) left.add(after.subject);
    else left.delete(after.subject);
  }
  if (left.size > 0) return [];
  const isStop = ({ after, statusChange }: SettledMember) =>
    after.role === 'owner' && statusChange === 'suspend' && !/^(member|token):/.test(actor);
  return members
    .filter((member) => (isLoss(member) && !isStop(member)) || givesAnEnd(member))
    .map(({ index, after }) => ({
      index,
      code: 'last-owner' as const,
      path: [lostBy(after)],
      subject: `"${after.username}"`,
      fault:
        'is the only owner of the community, which needs one without an end: make another member an owner first',
    }));
}

export function isLastingOwner({ role, status, until, roleUntil }: MemberRow): boolean {
  return role === 'owner' && status === 'active' && until === null && roleUntil === null;
}

const isLoss = ({ before }: SettledMember) => before !== undefined && isLastingOwner(before);

/** An owner who is made one, or is given an end, while there is none without. */
function givesAnEnd({ before, after, changed }: SettledMember): boolean {
  if (after.role !== 'owner' || after.status !== 'active' || isLastingOwner(after)) return false;
  const isAnother = changed.some((key) => key === 'role' || key === 'until' || key === 'roleUntil');
  return before === undefined || isAnother;
}

/** Which value of the change costs the community its owner. */
function lostBy({ role, status, until }: MemberRow): string {
  if (role !== 'owner') return 'role';
  if (status !== 'active') return 'status';
  return until === null ? 'roleUntil' : 'until';
}

/** A membership of somebody who was deleted or refused stays nobody's (invariant 2). */
export async function forgottenMembers(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<PlacedFault[]> {
  const returning = members.filter(({ statusChange }) => statusChange === 'return');
  if (returning.length === 0) return [];
  const rows = await tx.query<{ subject: string }>(
    `SELECT m.subject FROM unnest($2::uuid[]) AS r (subject)
       JOIN memberships m ON m.community_id = $1 AND m.subject = r.subject
     WHERE m.username = 'refused-' || m.subject OR EXISTS (SELECT FROM events e
       WHERE e.community_id = $1 AND e.subject = m.subject AND e.type = 'member.deleted')`,
    [communityId, returning.map(({ after }) => after.subject)],
  );
  const forgotten = new Set(rows.map(({ subject }) => subject));
  return returning
    .filter(({ after }) => forgotten.has(after.subject))
    .map(({ index, after }) => ({
      index,
      code: 'state' as const,
      path: ['status'],
      subject: `"${after.username}"`,
      fault: 'was deleted, and cannot come back: add a new member',
    }));
}
