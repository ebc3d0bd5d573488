import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { isActive, isInNow } from '../membership-standing.ts';
import type { Tie } from '../memberships/group-members.ts';
import type { Place } from '../memberships/member-change.ts';
import { saveMembers } from '../memberships/save-members.ts';
import { lockGroupsAround } from '../memberships/touch-entries.ts';
import { notifyAdmins } from '../notices/notify-admins.ts';
import { notifyMembers } from '../notices/notify-member.ts';
import type { Group } from './group-store.ts';

type Entering = Pick<Group, 'name' | 'joining'> & {
  displayName: string;
  username: string;
  isIn: boolean;
};

/**
 * A member comes into a group that is open, or asks to come into one on request, whose managers are written to. Who is
 * there already, or asked before, changes nothing.
 * @throws RefusedError `group-closed`, or `group-full`
 * @throws NotFoundError when the group or the (active) member is not of this community
 */
export async function enterGroup(
  tx: Transaction,
  place: Place,
  { groupId, subject }: Tie,
  actor: Actor = `member:${subject}`,
): Promise<'in' | 'requested'> {
  const { id: communityId } = place;
  const {
    name: group,
    joining,
    isIn,
    ...who
  } = await readEntering(tx, communityId, { groupId, subject });
  if (isIn) return 'in';
  if (joining === 'closed') throw closed(group);
  if (joining === 'open') {
    await saveMembers(tx, place, [{ subject, groups: { add: [groupId] } }], actor);
    return 'in';
  }
  const asked = await tx.query(
    `INSERT INTO group_requests (community_id, group_id, subject) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [communityId, groupId, subject],
  );
  if (asked.length === 0) return 'requested';
  const details = { group };
  await recordEvents(tx, [{ communityId, type: 'group.entry-requested', actor, subject, details }]);
  await tellManagers(tx, place, groupId, { ...who, group });
  return 'requested';
}

/**
 * A member goes out of a group into which they come by themselves, or takes their request back.
 * @returns whether that changed anything
 * @throws RefusedError `group-closed` for one that others put them into
 * @throws NotFoundError when the group or the (active) member is not of this community
 */
export async function leaveGroup(
  tx: Transaction,
  place: Place,
  { groupId, subject }: Tie,
  actor: Actor = `member:${subject}`,
): Promise<boolean> {
  const { id: communityId } = place;
  const { name: group, joining, isIn } = await readEntering(tx, communityId, { groupId, subject });
  if (isIn) {
    if (joining === 'closed') throw closed(group);
    await saveMembers(tx, place, [{ subject, groups: { remove: [groupId] } }], actor);
    return true;
  }
  const withdrawn = await tx.query(
    'DELETE FROM group_requests WHERE community_id = $1 AND group_id = $2 AND subject = $3 RETURNING 1',
    [communityId, groupId, subject],
  );
  if (withdrawn.length === 0) return false;
  const details = { group };
  await recordEvents(tx, [{ communityId, type: 'group.entry-withdrawn', actor, subject, details }]);
  return true;
}

/** The group is locked then, before the member, as by every change. */
async function readEntering(
  tx: Transaction,
  communityId: string,
  { groupId, subject }: Tie,
): Promise<Entering> {
  const locked = await lockGroupsAround(tx, communityId, [groupId]);
  if (!locked.some(({ id }) => id === groupId)) throw new NotFoundError('group');
  const [row] = await tx.query<Entering>(
    `SELECT g.name, g.joining, m.display_name AS "displayName", m.username,
       EXISTS (SELECT FROM group_members gm WHERE gm.community_id = m.community_id AND gm.group_id = g.id
         AND gm.subject = m.subject AND ${isInNow('gm')}) AS "isIn"
     FROM groups g JOIN memberships m ON m.community_id = g.community_id AND m.subject = $3 AND ${isActive('m')}
     WHERE g.community_id = $1 AND g.id = $2`,
    [communityId, groupId, subject],
  );
  if (row === undefined) throw new NotFoundError('member');
  return row;
}

function closed(group: string): RefusedError {
  return new RefusedError(
    'group-closed',
    `whoever looks after the group "${group}" says who is in it`,
  );
}

/** A group that nobody manages is the admins' to answer for. */
async function tellManagers(
  tx: Transaction,
  { id: communityId, issuerUrl }: Place,
  groupId: string,
  data: { displayName: string; username: string; group: string },
): Promise<void> {
  if (issuerUrl === undefined) return;
  const message = { communityId, issuerUrl, template: 'group-requested' as const };
  const managers = await tx.query<{ subject: string }>(
    `SELECT g.subject FROM group_managers g
       JOIN memberships m ON m.community_id = g.community_id AND m.subject = g.subject AND ${isActive('m')}
     WHERE g.community_id = $1 AND g.group_id = $2 ORDER BY g.subject`,
    [communityId, groupId],
  );
  if (managers.length === 0) await notifyAdmins(tx, { ...message, data });
  else
    await notifyMembers(
      tx,
      message,
      managers.map(({ subject }) => ({ subject, data })),
    );
}
