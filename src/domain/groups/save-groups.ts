import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { type Actor, type AuditEvent, recordEvents } from '../../platform/events/record-event.ts';
import { nameKey } from '../../platform/text/names.ts';
import { wholeNumberFault } from '../../platform/text/text-faults.ts';
import { NotFoundError } from '../errors.ts';
import { endInvitationsOf } from '../memberships/end-invitations.ts';
import { lockGroupsAround, touchGroups, touchMembers } from '../memberships/touch-entries.ts';
import { givePosixNumbers } from '../posix/give-posix-numbers.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';
import {
  GROUP_SEATS,
  groupDescriptionFault,
  groupNameFault,
  tidyGroupName,
} from './group-faults.ts';
import {
  type ManagerChange,
  type Managers,
  managerChanges,
  managerEvents,
  storeManagers,
} from './group-managers.ts';
import { GROUP, type Group, type Joining, subjectsInGroups } from './group-store.ts';

/** What is to become of a group; what is absent stays. */
export type GroupChange = {
  /** Of which; without it, a new one. */
  id?: string | undefined;
  name?: string | undefined;
  /** Null: none. */
  description?: string | null | undefined;
  joining?: Joining | undefined;
  /** Null: as many as come. Fewer than there are let nobody in, and send nobody out. */
  seats?: number | null | undefined;
  /** Subjects of those who look after it. */
  managers?: Managers | undefined;
};

export type SavedGroup = {
  id: string;
  name: string;
  isNew: boolean;
  /** What is otherwise than before; of a new group nothing. */
  changed: (keyof Omit<Group, 'id'> | 'managers')[];
};

type SettledGroup = SavedGroup & {
  index: number;
  before: Group | undefined;
  after: Group;
  managers: ManagerChange;
};

/**
 * Makes and changes groups of a community: all of them, or none.
 * @returns what became of each, in the order of the changes
 * @throws RefusedChangesError with every reason why a change cannot be, before anything is written
 * @throws RefusedError `posix-exhausted`
 * @throws NotFoundError when one, or a manager, is not of this community
 */
export async function saveGroups(
  tx: Transaction,
  communityId: string,
  changes: readonly GroupChange[],
  actor: Actor,
): Promise<SavedGroup[]> {
  const groups = await settleGroups(tx, communityId, changes);
  const otherwise = groups.filter(({ isNew, changed }) => isNew || changed.length > 0);
  await inBatches(otherwise, (batch) => storeGroups(tx, communityId, batch));
  await storeManagers(tx, communityId, groups);
  const unmanaging = groups.flatMap(({ managers }) => managers.remove);
  await endInvitationsOf(tx, communityId, unmanaging, actor, 'role-lost');
  await touchRespelled(tx, communityId, groups);
  if (groups.some(({ isNew }) => isNew)) await givePosixNumbers(tx, communityId);
  await recordEvents(
    tx,
    otherwise.flatMap((group) => eventsOf(communityId, group, actor)),
  );
  return groups.map(({ id, name, isNew, changed }) => ({ id, name, isNew, changed }));
}

async function settleGroups(
  tx: Transaction,
  communityId: string,
  changes: readonly GroupChange[],
): Promise<SettledGroup[]> {
  const ids = changes.flatMap(({ id }) => id ?? []);
  // Those around a group are locked with it: they show a name that changes.
  await lockGroupsAround(tx, communityId, ids);
  const rows = await tx.query<Group>(
    `SELECT ${GROUP} FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[])`,
    [communityId, ids],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const managers = await managerChanges(tx, communityId, changes);
  const groups = changes.map((change, index) => {
    const before = change.id === undefined ? undefined : known.get(change.id);
    if (change.id !== undefined && before === undefined) throw new NotFoundError('group');
    return settle(change, index, before, managers[index] as ManagerChange);
  });
  refuseFaults([...groups.flatMap(faultsOf), ...(await takenNames(tx, communityId, groups))]);
  return groups;
}

const NOTHING: Omit<Group, 'id'> = { name: '', description: null, joining: 'closed', seats: null };

function settle(
  change: GroupChange,
  index: number,
  before: Group | undefined,
  managers: ManagerChange,
): SettledGroup {
  const keys = ['name', 'description', 'joining', 'seats'] as const;
  const given = keys.filter((key) => change[key] !== undefined).map((key) => [key, change[key]]);
  const after: Group = {
    id: randomUUID(),
    ...NOTHING,
    ...before,
    ...(Object.fromEntries(given) as Partial<Group>),
  };
  after.name = tidyGroupName(after.name);
  const changed: SavedGroup['changed'] =
    before === undefined ? [] : keys.filter((key) => before[key] !== after[key]);
  if (before !== undefined && managers.add.length + managers.remove.length > 0)
    changed.push('managers');
  const isNew = before === undefined;
  return { id: after.id, name: after.name, isNew, changed, index, before, after, managers };
}

function faultsOf({ index, after: { name, description, seats } }: SettledGroup): PlacedFault[] {
  const faults: PlacedFault[] = [];
  const wrongName = groupNameFault(name);
  if (wrongName !== undefined) {
    const subject = `the group's name "${name}"`;
    faults.push({ index, code: 'group-name', path: ['name'], subject, fault: wrongName });
  }
  const wrong = description === null ? undefined : groupDescriptionFault(description);
  if (wrong !== undefined) {
    const subject = 'the description';
    faults.push({ index, code: 'group-name', path: ['description'], subject, fault: wrong });
  }
  const wrongSeats = seats === null ? undefined : wholeNumberFault(seats, GROUP_SEATS);
  if (wrongSeats !== undefined) {
    const subject = 'the number of seats';
    faults.push({ index, code: 'value', path: ['seats'], subject, fault: wrongSeats });
  }
  return faults;
}

async function takenNames(
  tx: Transaction,
  communityId: string,
  groups: readonly SettledGroup[],
): Promise<PlacedFault[]> {
  const named = groups.filter(({ isNew, changed }) => isNew || changed.includes('name'));
  if (named.length === 0) return [];
  // Those who give names at once take turns, until their transactions end.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('group-names:' || $1, 0))`, [
    communityId,
  ]);
  const rows = await tx.query<{ id: string; key: string }>(
    'SELECT id, name_key AS key FROM groups WHERE community_id = $1 AND name_key = ANY($2)',
    [communityId, named.map(({ name }) => nameKey(name))],
  );
  const holders = new Map(rows.map(({ id, key }) => [key, id]));
  const faults: PlacedFault[] = [];
  for (const { index, id, name } of named) {
    const holder = holders.get(nameKey(name)) ?? id;
    holders.set(nameKey(name), holder);
    if (holder === id) continue;
    const subject = `"${name}"`;
    const fault = 'is the name of another group: give another';
    faults.push({ index, code: 'group-taken', path: ['name'], subject, fault });
  }
  return faults;
}

async function storeGroups(
  tx: Transaction,
  communityId: string,
  groups: readonly SettledGroup[],
): Promise<void> {
  const rows = groups.map(({ after }) => ({ ...after, key: nameKey(after.name) }));
  await tx.query(
    `INSERT INTO groups (community_id, id, name, name_key, description, joining, seats)
     SELECT $1, id, name, key, description, joining, seats FROM jsonb_to_recordset($2::jsonb)
       AS g (id uuid, name text, key text, description text, joining text, seats integer)
     ON CONFLICT (community_id, id) DO UPDATE SET name = EXCLUDED.name, name_key = EXCLUDED.name_key,
       description = EXCLUDED.description, joining = EXCLUDED.joining, seats = EXCLUDED.seats, updated_at = now()`,
    [communityId, JSON.stringify(rows)],
  );
  await tx.wrote('groups', rows.length);
}

/** A group's name is in its DN, which its members and the groups around it show. */
async function touchRespelled(
  tx: Transaction,
  communityId: string,
  groups: readonly SettledGroup[],
): Promise<void> {
  const ids = groups.filter(({ changed }) => changed.includes('name')).map(({ id }) => id);
  if (ids.length === 0) return;
  await touchGroups(tx, communityId, await lockGroupsAround(tx, communityId, ids));
  await touchMembers(tx, communityId, await subjectsInGroups(tx, communityId, ids));
}

function eventsOf(communityId: string, group: SettledGroup, actor: Actor): AuditEvent[] {
  const { id, name, isNew, changed, managers } = group;
  const details = { group: id, name };
  const fields = changed.filter((field) => field !== 'managers');
  const told: AuditEvent[] = managerEvents(communityId, name, managers, actor);
  if (isNew) told.unshift({ communityId, type: 'group.created', actor, details });
  else if (fields.length > 0)
    told.unshift({ communityId, type: 'group.updated', actor, details: { ...details, fields } });
  return told;
}
