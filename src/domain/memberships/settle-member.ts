import { randomUUID } from 'node:crypto';
import type { Refusal } from '../errors.ts';
import type { PlacedFault } from '../refused-changes.ts';
import { tidyName } from './display-name.ts';
import type { LockedMember, MemberRow } from './lock-members.ts';
import type { ChangedField, ChangedMember, MemberValues, NewMember } from './member-change.ts';
import { memberFaults } from './member-faults.ts';
import { isPossible, STATUS_CHANGES, type StatusChange, statusChange } from './status-change.ts';

/** Groups by their ids. */
export type TieChange = { add: string[]; remove: string[] };

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
  const faults = memberFaults(given(change));
  const values = { ...NOTHING, ...tidy(given(change)) } as MemberValues;
  const after: MemberRow = {
    ...values,
    subject: randomUUID(),
    personId: change.personId ?? randomUUID(),
    emailVerified: values.email !== null && change.emailVerified === true,
    status: change.status ?? 'active',
    isHeld: false,
  };
  const ties = { add: [...new Set(change.groupIds)], remove: [] };
  const settled = { index, change, before: undefined, after, changed: [], ties };
  return {
    settled: { ...settled, statusChange: undefined },
    faults: faults.map((fault) => ({ ...fault, index })),
  };
}

export function settleChanged(
  change: ChangedMember,
  { groupIds, ...before }: LockedMember,
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
    after.isHeld = status === 'hold';
  }
  const changed: ChangedField[] = VALUES.filter((key) => after[key] !== before[key]);
  if (after.emailVerified && !before.emailVerified && keepsAddress) changed.push('email');
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
      ties: tieChange(change.groups, groupIds),
    },
    faults,
  };
}

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
  const wished = change.statusChange ?? wishedChange(change, before);
  if (wished === undefined) return undefined;
  if (wished !== 'impossible' && STATUS_CHANGES[wished].to === before.status) return undefined;
  if (wished !== 'impossible' && isPossible(wished, before)) return wished;
  const verb = wished === 'impossible' ? `make ${change.status}` : wished;
  return {
    refused: {
      code: 'state' satisfies Refusal,
      path: ['status'],
      subject: `cannot ${verb} "${before.username}":`,
      fault: before.isHeld
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

function tieChange(groups: ChangedMember['groups'], current: readonly string[]): TieChange {
  if (groups === undefined) return { add: [], remove: [] };
  const now = new Set(current);
  if ('only' in groups) {
    const only = new Set(groups.only);
    return {
      add: [...only].filter((id) => !now.has(id)),
      remove: current.filter((id) => !only.has(id)),
    };
  }
  return {
    add: [...new Set(groups.add)].filter((id) => !now.has(id)),
    remove: [...new Set(groups.remove)].filter((id) => now.has(id)),
  };
}
