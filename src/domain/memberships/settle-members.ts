import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';
import { findActing } from './acting-store.ts';
import {
  forgottenMembers,
  isLastingOwner,
  lastOwnerFaults,
  takenAddresses,
  takenUsernames,
} from './check-members.ts';
import { forbiddenChanges } from './forbidden-changes.ts';
import { type LockedMember, lastingOwners, lockMembers, type MemberRow } from './lock-members.ts';
import type { ChangedMember, MemberChange, SavedMember } from './member-change.ts';
import type { Acting } from './policy.ts';
import { idOf } from './settle-ends.ts';
import { type SettledMember, settleChanged, settleNew } from './settle-member.ts';
import { STATUS_CHANGES } from './status-change.ts';
import { fullGroups } from './taken-seats.ts';
import { type LockedGroup, lockGroupsAround, lockGroupsOfMembers } from './touch-entries.ts';

export type SettledMembers = {
  /** Those of whom something is new, in the order of the changes. */
  members: SettledMember[];
  /** What becomes of each change's member. */
  saved: SavedMember[];
  /** Keys of addresses that members who have left give up. */
  released: string[];
  /** Groups that may show the changes. */
  locked: LockedGroup[];
  /** Names of the groups that have to do with it, by their ids. */
  groups: ReadonlyMap<string, string>;
};

/**
 * Locks what changes of members rest on (groups before members, each in the order of their ids), and finds
 * out what they make of them.
 * @param by subject of a member who must be allowed to do so (`policy.ts`), as they are now
 * @throws RefusedChangesError with every reason why a change cannot be
 * @throws NotFoundError when a member or a group is not of this community
 */
export async function settleMembers(
  tx: Transaction,
  communityId: string,
  changes: readonly MemberChange[],
  actor: Actor,
  by?: string,
): Promise<SettledMembers> {
  const places = placesBySubject(changes);
  const locked = await lockGroups(tx, communityId, changes);
  const groups = new Map(locked.map(({ id, name }) => [id, name]));
  const owners = changes.some(mayCostAnOwner) ? await lastingOwners(tx, communityId) : [];
  const faults: PlacedFault[] = [];
  const members: SettledMember[] = [];
  const saved: SavedMember[] = [];
  const stillOwners: string[] = [];
  const take = (index: number, settled: ReturnType<typeof settleNew>) => {
    faults.push(...settled.faults);
    saved[index] = outcome(settled.settled, groups);
    if (isOtherwise(settled.settled)) members.push(settled.settled);
  };
  await inBatches(
    [...new Set([...places.keys(), ...owners, ...(by === undefined ? [] : [by])])].sort(),
    async (subjects) => {
      const rows = await lockMembers(tx, communityId, subjects);
      await lockLateGroups(tx, communityId, leaving(rows, changes, places), groups);
      for (const row of rows) {
        if (isLastingOwner(row)) stillOwners.push(row.subject);
        const index = places.get(row.subject);
        const change = changedAt(changes, index);
        if (index === undefined || change === undefined) continue;
        take(index, settleChanged(change, row, index));
      }
    },
  );
  for (const [index, change] of changes.entries()) {
    if (!('subject' in change)) take(index, settleNew(change, index));
    else if (saved[index] === undefined) throw new NotFoundError('member');
  }
  members.sort((a, b) => a.index - b.index);
  const acting = by === undefined ? undefined : await requireActing(tx, communityId, by);
  refuseFaults(forbiddenChanges(members, acting));
  faults.push(...lastOwnerFaults(members, stillOwners, actor));
  faults.push(...(await fullGroups(tx, communityId, members, locked)));
  faults.push(...(await forgottenMembers(tx, communityId, members)));
  faults.push(...(await takenUsernames(tx, communityId, members)));
  const addresses = await takenAddresses(tx, communityId, members);
  refuseFaults([...faults, ...addresses.faults].sort((a, b) => a.index - b.index));
  return { members, saved, released: addresses.released, locked, groups };
}

async function requireActing(tx: Transaction, communityId: string, by: string): Promise<Acting> {
  const acting = await findActing(tx, communityId, by);
  if (acting === undefined) throw new NotFoundError('member');
  return acting;
}

function placesBySubject(changes: readonly MemberChange[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, change] of changes.entries()) {
    if (!('subject' in change)) continue;
    if (places.has(change.subject)) throw new Error('two changes of one member at once');
    places.set(change.subject, index);
  }
  return places;
}

function changedAt(
  changes: readonly MemberChange[],
  index: number | undefined,
): ChangedMember | undefined {
  return index === undefined ? undefined : (changes[index] as ChangedMember);
}

function mayCostAnOwner(change: MemberChange): boolean {
  const { role, until, roleUntil } = change;
  if (until != null || roleUntil != null) return true;
  if (!('subject' in change)) return false;
  const { statusChange } = change;
  const status = statusChange === undefined ? change.status : STATUS_CHANGES[statusChange].to;
  return role !== undefined || (status ?? 'active') !== 'active';
}

/**
 * A group shows the names of those in it who are active.
 * @throws NotFoundError when a group is not of this community
 */
async function lockGroups(
  tx: Transaction,
  communityId: string,
  changes: readonly MemberChange[],
): Promise<LockedGroup[]> {
  const named = new Set<string>();
  const subjects: string[] = [];
  for (const change of changes) {
    if (!('subject' in change)) {
      for (const group of change.groupIds ?? []) named.add(idOf(group));
      continue;
    }
    const { groups, username, status, statusChange, until, whatEnded } = change;
    const lists = groups && ('only' in groups ? [groups.only] : [groups.add, groups.remove]);
    for (const group of lists?.flatMap((list) => list ?? []) ?? []) named.add(idOf(group));
    const isOnly = groups !== undefined && 'only' in groups;
    // Another end may bring somebody back whose membership has ended.
    const said = [username, status, statusChange, until, whatEnded];
    if (isOnly || said.some((given) => given !== undefined)) subjects.push(change.subject);
  }
  const locked = await lockGroupsOfMembers(tx, communityId, subjects, [...named]);
  const there = new Set(locked.map(({ id }) => id));
  for (const id of named) if (!there.has(id)) throw new NotFoundError('group');
  return locked;
}

/** Groups that members may have to go out of. */
function leaving(
  rows: readonly LockedMember[],
  changes: readonly MemberChange[],
  places: ReadonlyMap<string, number>,
): string[] {
  return rows.flatMap(({ subject, groups: current }) => {
    const change = changedAt(changes, places.get(subject));
    const isOnly = change?.groups !== undefined && 'only' in change.groups;
    return isOnly || change?.whatEnded ? current.map(({ id }) => id) : [];
  });
}

/** Groups that a member came into while this waited for the locks of the others. */
async function lockLateGroups(
  tx: Transaction,
  communityId: string,
  groupIds: readonly string[],
  groups: Map<string, string>,
): Promise<void> {
  const late = groupIds.filter((id) => !groups.has(id));
  if (late.length === 0) return;
  for (const { id, name } of await lockGroupsAround(tx, communityId, late)) groups.set(id, name);
}

function isOtherwise({ before, changed, ties }: SettledMember): boolean {
  const tied = ties.add.length + ties.remove.length + ties.redate.length;
  return before === undefined || changed.length + tied > 0;
}

const NOTHING: never[] = [];

function outcome(
  { before, after, changed, ties }: SettledMember,
  groups: ReadonlyMap<string, string>,
): SavedMember {
  const names = (ids: readonly string[]) =>
    ids.length === 0 ? NOTHING : ids.map((id) => groups.get(id) ?? '');
  return {
    subject: after.subject,
    username: after.username,
    isNew: before === undefined,
    changed: changed.length === 0 ? NOTHING : changed,
    added: names(ties.add.map(({ id }) => id)),
    removed: names(ties.remove),
    redated: names(ties.redate.map(({ id }) => id)),
  };
}

/** Whether a row is of somebody who was not an active member before. */
export function isNewlyActive({ before, after }: SettledMember): boolean {
  return after.status === 'active' && (before as MemberRow | undefined)?.status !== 'active';
}
