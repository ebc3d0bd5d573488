import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { lockMembership } from '../memberships/membership-store.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import { type LockedGroup, lockGroupsAround, touchGroups, touchMembers } from './touch-entries.ts';

type Place = { groupId: string; subject: string };

/**
 * @returns whether the member was not in the group before
 * @throws NotFoundError when the group or the member is not of this community
 */
export async function addToGroup(
  tx: Transaction,
  communityId: string,
  place: Place,
  actor: Actor,
): Promise<boolean> {
  const { group, groups } = await lockPlace(tx, communityId, place);
  const added = await tx.query(
    `INSERT INTO group_members (community_id, group_id, subject) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [communityId, place.groupId, place.subject],
  );
  if (added.length === 0) return false;
  await touch(tx, communityId, groups, place.subject);
  await recordEvents(tx, [
    { communityId, type: 'group.member-added', actor, subject: place.subject, details: { group } },
  ]);
  return true;
}

/**
 * Takes a member out of a group and ends their sessions: apps learn of the loss at once (invariant 4).
 * @returns whether the member was in the group (directly) before
 * @throws NotFoundError when the group or the member is not of this community
 */
export async function removeFromGroup(
  tx: Transaction,
  communityId: string,
  place: Place,
  actor: Actor,
): Promise<boolean> {
  const { group, groups } = await lockPlace(tx, communityId, place);
  const { subject } = place;
  const removed = await tx.query(
    'DELETE FROM group_members WHERE community_id = $1 AND group_id = $2 AND subject = $3 RETURNING 1',
    [communityId, place.groupId, subject],
  );
  if (removed.length === 0) return false;
  await touch(tx, communityId, groups, subject);
  await endMemberSessions(tx, communityId, [subject]);
  await recordEvents(tx, [
    { communityId, type: 'group.member-removed', actor, subject, details: { group } },
  ]);
  return true;
}

/** @returns the group's name, and all groups that the change shows in */
async function lockPlace(
  tx: Transaction,
  communityId: string,
  { groupId, subject }: Place,
): Promise<{ group: string; groups: LockedGroup[] }> {
  const groups = await lockGroupsAround(tx, communityId, [groupId]);
  if ((await lockMembership(tx, communityId, subject)) === undefined) {
    throw new NotFoundError('member');
  }
  const group = groups.find(({ id }) => id === groupId);
  if (group === undefined) throw new NotFoundError('group');
  return { group: group.name, groups };
}

async function touch(
  tx: Transaction,
  communityId: string,
  groups: LockedGroup[],
  subject: string,
): Promise<void> {
  await touchGroups(tx, communityId, groups);
  await touchMembers(tx, communityId, [subject]);
}
