import { randomUUID } from 'node:crypto';
import type { Refusal } from '../errors.ts';
import type { PlacedFault } from '../refused-changes.ts';
import { tidyName } from './display-name.ts';
import type { LockedMember, MemberRow } from './lock-members.ts';
import type { ChangedField, ChangedMember, MemberValues, NewMember } from './member-change.ts';
import { memberFaults } from './member-faults.ts';
import {
  endFaults,
  goesOn,
  isOver,
  isSameTime,
  settleEnds,
  settleTies,
  type TieChange,
} from './settle-ends.ts';
import { isPossible, STATUS_CHANGES, type StatusChange, statusChange } from './status-change.ts';

/** One change with what it makes of the member. */
export type SettledMember = {
  /** Its place among the changes. */
  index: number;
  change: NewMember | ChangedMember;
  /** Undefined for a new member. */
  before: MemberRow | undefined;
  after: MemberRow;
  changed: ChangedField[];
  statusChange: StatusChange | undefined;
  ties: TieChange;
  /** Ids of the groups that they were directly in before. */
  places: string[];
};

const VALUES: readonly (keyof MemberValues)[] = [
  'username',
  'displayName',
  'givenName',
  'familyName',
  'nickname',
  'pronouns',
  'email',
  'locale',
  'zoneinfo',
  'role',
];

type Settled = { settled: SettledMember; faults: PlacedFault[] };

/** A new member is a person of their own, unless one is given: an address never links to one who is known. */
export function settleNew(change: NewMember, index: number): Settled {
  const faults: Omit<PlacedFault, 'index'>[] = memberFaults(given(change));
  const values = { ...NOTHING, ...tidy(given(change)) } as MemberValues;
  const after: MemberRow = {
    ...values,
    subject: randomUUID(),
    personId: change.personId ?? randomUUID(),
    emailVerified: values.email !== null && change.emailVerified === true,
    status: change.status ?? 'active',
    statusReason: null,
    until: null,
    roleUntil: null,
  };
  Object.assign(after, settleEnds(change, undefined, after));
  const { ties, faults: tieFaults } = settleTies(change, []);
  faults.push(...endFaults(undefined, after), ...tieFaults);
  const settled = { index, change, before: undefined, after, changed: [], ties, places: [] };
  return {
    settled: { ...settled, statusChange: undefined },
    faults: faults.map((fault) => ({ ...fault, index })),
  };
}

export function settleChanged(
  change: ChangedMember,
  { groups, ...before }: LockedMember,
  index: number,
): Settled {
  const values = given(change);
  const faults: PlacedFault[] = memberFaults(values).map((fault) => ({ ...fault, index }));
  const after: MemberRow = { ...before, ...tidy(values) };
  const keepsAddress = after.email === before.email;
  after.emailVerified =
    after.email !== null &&
    (change.emailVerified === true || (keepsAddress && before.emailVerified));
  const status = settleStatus(change, before);
  if (typeof status === 'object') faults.push({ ...status.refused, index });
  else if (status !== undefined) {
    after.status = STATUS_CHANGES[status].to;
    after.statusReason = REASONS[status] ?? null;
  }
  if (change.whatEnded && isOver(before.roleUntil)) after.role = 'member';
  Object.assign(after, settleEnds(change, before, after));
  const { ties, faults: tieFaults } = settleTies(change, groups);
  faults.push(...[...endFaults(before, after), ...tieFaults].map((fault) => ({ ...fault, index })));
  const changed: ChangedField[] = VALUES.filter((key) => after[key] !== before[key]);
  if (after.emailVerified && !before.emailVerified && keepsAddress) changed.push('email');
  changed.push(...ENDS.filter((key) => !isSameTime(after[key], before[key])));
  if (after.status !== before.status) changed.push('status');
  if (change.password !== undefined) changed.push('password');
  return {
    settled: {
      index,
      change,
      before,
      after,
      changed,
      statusChange: typeof status === 'string' ? status : undefined,
      ties,
      places: groups.filter(({ until }) => !isOver(until)).map(({ id }) => id),
    },
    faults,
  };
}

const ENDS = ['until', 'roleUntil'] as const;

/** Why a membership is suspended after it. */
const REASONS: Partial<Record<StatusChange, MemberRow['statusReason']>> = {
  hold: 'deletion',
  end: 'ended',
};

const NOTHING: Omit<MemberValues, 'username' | 'displayName'> = {
  givenName: null,
  familyName: null,
  nickname: null,
  pronouns: null,
  email: null,
  locale: null,
  zoneinfo: null,
  role: 'member',
};

/** The values that a change gives, without what it leaves out. */
function given(change: NewMember | ChangedMember): Partial<MemberValues> {
  const pairs = VALUES.filter((key) => change[key] !== undefined).map((key) => [key, change[key]]);
  return Object.fromEntries(pairs);
}

/** Names as they are kept. */
function tidy(values: Partial<MemberValues>): Partial<MemberValues> {
  const tidied = { ...values };
  for (const key of ['displayName', 'givenName', 'familyName', 'nickname', 'pronouns'] as const) {
    const value = values[key];
    if (value != null) tidied[key] = tidyName(value);
  }
  return tidied;
}

/** @returns what happens to the membership, if anything; or why it cannot */
function settleStatus(
  change: ChangedMember,
  before: MemberRow,
): StatusChange | undefined | { refused: Omit<PlacedFault, 'index'> } {
  const wished = change.statusChange ?? wishedChange(change, before) ?? endOrGoOn(change, before);
  if (wished === undefined) return undefined;
  if (wished !== 'impossible' && STATUS_CHANGES[wished].to === before.status) return undefined;
  if (wished !== 'impossible' && isPossible(wished, before)) return wished;
  const verb = wished === 'impossible' ? `make ${change.status}` : wished;
  return {
    refused: {
      code: 'state' satisfies Refusal,
      path: ['status'],
      subject: `cannot ${verb} "${before.username}":`,
      fault:
        before.statusReason === 'deletion'
          ? 'the person asked for their account to be deleted, and they alone can take that back'
          : `the membership is ${before.status}${before.status === 'requested' ? ': admit or refuse it' : ''}`,
    },
  };
}

function wishedChange(
  { status }: ChangedMember,
  before: MemberRow,
): StatusChange | 'impossible' | undefined {
  if (status === undefined || status === before.status) return undefined;
  return statusChange(before.status, status) ?? 'impossible';
}

function endOrGoOn(change: ChangedMember, before: MemberRow): StatusChange | undefined {
  if (change.whatEnded && before.status === 'active' && isOver(before.until)) return 'end';
  return goesOn(change, before) ? 'resume' : undefined;
}
