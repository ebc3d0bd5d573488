import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import type { SettledMember } from './settle-member.ts';

/** Whoever leaves looks after no group any more, also if they come back. */
export async function endManaging(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
  actor: Actor,
): Promise<void> {
  const gone = members.filter(
    ({ before, after }) => before?.status !== 'left' && after.status === 'left',
  );
  if (gone.length === 0) return;
  const rows = await tx.query<{ subject: string; group: string }>(
    `DELETE FROM group_managers m USING groups g
     WHERE m.community_id = $1 AND m.subject = ANY($2::uuid[])
       AND g.community_id = m.community_id AND g.id = m.group_id
     RETURNING m.subject, g.name AS "group"`,
    [communityId, gone.map(({ after }) => after.subject)],
  );
  await recordEvents(
    tx,
    rows.map(({ subject, group }) => ({
      communityId,
      type: 'group.manager-removed',
      actor,
      subject,
      details: { group },
    })),
  );
}
