import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { findActing } from '../memberships/acting-store.ts';
import { changeMembersAs } from '../memberships/change-members-as.ts';
import type { Tie } from '../memberships/group-members.ts';
import type { Place } from '../memberships/member-change.ts';
import { mayChangePeopleOf } from '../memberships/policy.ts';
import { saveMembers } from '../memberships/save-members.ts';
import { lockGroupsAround } from '../memberships/touch-entries.ts';
import { notifyMember } from '../notices/notify-member.ts';

/** Who answers: a member who looks after the group, by subject, or the operator at the command line. */
type Answering = { by: string } | 'cli';

/**
 * Answers whoever asked to come into a group, once: the first of two who answer decides.
 * @returns false when nobody asked, or somebody had answered already
 * @throws RefusedError `group-full`, and the request stays; `not-yours` for a group that is not theirs to look after
 * @throws NotFoundError when the group, or who answers, is not of this community
 */
export async function answerEntry(
  tx: Transaction,
  place: Place,
  { groupId, subject }: Tie,
  { admit, who }: { admit: boolean; who: Answering },
): Promise<boolean> {
  const { id: communityId, issuerUrl } = place;
  const locked = await lockGroupsAround(tx, communityId, [groupId]);
  const group = locked.find(({ id }) => id === groupId);
  if (group === undefined) throw new NotFoundError('group');
  if (who !== 'cli') await requireManager(tx, communityId, groupId, who.by);
  const asked = await tx.query(
    'DELETE FROM group_requests WHERE community_id = $1 AND group_id = $2 AND subject = $3 RETURNING 1',
    [communityId, groupId, subject],
  );
  if (asked.length === 0) return false;
  if (admit) {
    const change = { subject, groups: { add: [groupId] } };
    if (who === 'cli') await saveMembers(tx, place, [change], who);
    else await changeMembersAs(tx, place, [change], who.by);
  } else {
    const actor: Actor = who === 'cli' ? who : `member:${who.by}`;
    const details = { group: group.name };
    await recordEvents(tx, [{ communityId, type: 'group.entry-refused', actor, subject, details }]);
  }
  if (issuerUrl !== undefined) {
    const template = admit ? 'group-request-approved' : 'group-request-refused';
    const data = { group: group.name };
    await notifyMember(tx, { communityId, subject, issuerUrl, template, data });
  }
  return true;
}

async function requireManager(
  tx: Transaction,
  communityId: string,
  groupId: string,
  by: string,
): Promise<void> {
  const acting = await findActing(tx, communityId, by);
  if (acting === undefined) throw new NotFoundError('member');
  if (!mayChangePeopleOf(acting, groupId))
    throw new RefusedError('not-yours', 'the group is not theirs to look after');
}
