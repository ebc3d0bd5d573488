import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { mayManage } from './may-manage.ts';
import type { ChangedMember, Place } from './member-change.ts';
import type { Role, Status } from './membership-store.ts';
import { saveMembers } from './save-members.ts';
import { isPossible, type StatusChange } from './status-change.ts';

/** One thing that is done to several members. */
export type SeveralChange =
  | { statusChange: Extract<StatusChange, 'suspend' | 'resume' | 'leave'> }
  | { groups: { add?: readonly string[]; remove?: readonly string[] } };

/** Who does it. */
export type Manager = { subject: string; role: Role };

export type ChosenMember = {
  subject: string;
  displayName: string;
  username: string;
};

type Row = ChosenMember & { role: Role; status: Status; isHeld: boolean };

/** Those whom a change of several would concern, and those whom it would not, by name. */
export async function chosenMembers(
  db: Queryable,
  communityId: string,
  { subjects, change, by }: { subjects: readonly string[]; change: SeveralChange; by: Manager },
): Promise<{ concerned: ChosenMember[]; skipped: ChosenMember[] }> {
  const rows = await db.query<Row>(
    `SELECT subject, display_name AS "displayName", username, role, status,
       status_reason IS NOT NULL AS "isHeld" FROM memberships
     WHERE community_id = $1 AND subject = ANY($2::uuid[]) ORDER BY left(search_key, 200), subject`,
    [communityId, subjects],
  );
  const { yes = [], no = [] } = Object.groupBy(rows, (row) =>
    concerns(change, row, by) ? 'yes' : 'no',
  );
  return { concerned: yes, skipped: no };
}

/**
 * The same change of several members at once, of those whom it can concern: who is suspended already is not
 * suspended again, nobody does it to themselves, and an admin to no owner.
 * @throws RefusedChangesError, RefusedError or NotFoundError as `saveMembers` does: then nothing is changed
 */
export async function changeSeveral(
  tx: Transaction,
  place: Place,
  subjects: readonly string[],
  change: SeveralChange,
  by: Manager,
): Promise<void> {
  const { concerned } = await chosenMembers(tx, place.id, { subjects, change, by });
  const changes: ChangedMember[] = concerned.map(({ subject }) => ({ subject, ...change }));
  if (changes.length > 0) await saveMembers(tx, place, changes, `member:${by.subject}`);
}

function concerns(change: SeveralChange, row: Row, by: Manager): boolean {
  if (!mayManage(by.role, row.role)) return false;
  if ('groups' in change) return row.status !== 'left';
  return row.subject !== by.subject && isPossible(change.statusChange, row);
}
