import type { PlacedFault } from '../refused-changes.ts';
import type { LockedMember, MemberRow } from './lock-members.ts';
import type { ChangedMember, InGroup, MemberEnds, NewMember } from './member-change.ts';

/** A place in a group, and up to when it is kept. */
export type Place = { id: string; until: Date | null };

/** Groups to be put into, taken out of, and in which a place has another end. */
export type TieChange = { add: Place[]; remove: string[]; redate: Place[] };

type Fault = Omit<PlacedFault, 'index'>;

export function isOver(until: Date | null): boolean {
  return until !== null && +until <= Date.now();
}

export function isSameTime(one: Date | null, other: Date | null): boolean {
  return one?.getTime() === other?.getTime();
}

/**
 * The ends that a change gives. A role's end goes with the role; what asks that a membership be active takes away
 * an end that is over.
 */
export function settleEnds(
  change: NewMember | ChangedMember,
  before: MemberRow | undefined,
  after: MemberRow,
): MemberEnds {
  const keepsRole = before?.role === after.role;
  const roleUntil =
    change.roleUntil === undefined ? (keepsRole ? before.roleUntil : null) : change.roleUntil;
  const until = change.until === undefined ? (before?.until ?? null) : change.until;
  const isCalled = change.until === undefined && isOver(until) && asksForActive(change);
  return { until: isCalled ? null : until, roleUntil };
}

function asksForActive(change: NewMember | ChangedMember): boolean {
  const { statusChange } = change as ChangedMember;
  if (statusChange === undefined) return change.status === 'active';
  return statusChange === 'resume' || statusChange === 'return' || statusChange === 'admit';
}

/** Whether a change lets a membership that has ended go on. */
export function goesOn({ until }: ChangedMember, before: MemberRow): boolean {
  return before.statusReason === 'ended' && until !== undefined && !isOver(until);
}

export function endFaults(before: MemberRow | undefined, after: MemberRow): Fault[] {
  const { username, role, until, roleUntil } = after;
  const faults: Fault[] = [];
  const check = (key: keyof MemberEnds, at: Date | null) => {
    const subject = `the end of ${key === 'until' ? 'the membership' : 'the role'} of "${username}"`;
    if (isOver(at) && !isSameTime(at, before?.[key] ?? null))
      faults.push({ code: 'end-past', path: [key], subject, fault: PAST });
    else if (key === 'roleUntil' && at !== null && role === 'member')
      faults.push({ code: 'end-of-member', path: [key], subject, fault: NO_ROLE });
  };
  check('until', until);
  check('roleUntil', roleUntil);
  return faults;
}

const PAST = 'lies in the past: give one that is to come, or none';
const NO_ROLE = 'is for admins and owners: a plain member has no role that could end';

/** @returns what becomes of the places in groups, and what is wrong with their ends */
export function settleTies(
  change: NewMember | ChangedMember,
  current: LockedMember['groups'],
): { ties: TieChange; faults: Fault[] } {
  const ties: TieChange = { add: [], remove: [], redate: [] };
  const faults: Fault[] = [];
  const now = new Map(current.map((place) => [place.id, place]));
  for (const [index, wanted] of wantedOf(change).entries()) {
    const { id, until } = typeof wanted === 'string' ? { id: wanted, until: undefined } : wanted;
    const place = now.get(id);
    const isIn = place !== undefined && !isOver(place.until);
    if (until !== undefined && isOver(until)) {
      // A file that is applied again when the place has ended says nothing new.
      if (place !== undefined && isSameTime(place.until, until)) continue;
      const subject = 'the end of the place in the group';
      faults.push({ code: 'end-past', path: ['groups', index, 'until'], subject, fault: PAST });
    } else if (!isIn) ties.add.push({ id, until: until ?? null });
    else if (until !== undefined && !isSameTime(place.until, until))
      ties.redate.push({ id, until });
    now.set(id, { id, until: until ?? (isIn ? place.until : null) });
  }
  ties.remove = goneFrom(change, current);
  return { ties, faults };
}

function wantedOf(change: NewMember | ChangedMember): readonly InGroup[] {
  if (!('subject' in change)) return change.groupIds ?? [];
  const { groups } = change;
  if (groups === undefined) return [];
  return 'only' in groups ? groups.only : (groups.add ?? []);
}

function goneFrom(change: NewMember | ChangedMember, current: LockedMember['groups']): string[] {
  if (!('subject' in change)) return [];
  const ended = change.whatEnded ? current.filter(({ until }) => isOver(until)) : [];
  const { groups } = change;
  const isGone = (id: string) => {
    if (groups === undefined) return false;
    if ('only' in groups) return !groups.only.some((wanted) => idOf(wanted) === id);
    return groups.remove?.includes(id) === true;
  };
  return current.filter((place) => ended.includes(place) || isGone(place.id)).map(({ id }) => id);
}

export function idOf(wanted: InGroup): string {
  return typeof wanted === 'string' ? wanted : wanted.id;
}
