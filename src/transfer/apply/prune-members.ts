import { lockGroupsOfMembers, touchGroups } from '../../domain/groups/touch-entries.ts';
import { endMemberSessions } from '../../domain/sessions/end-sessions.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { SettledMember } from './apply-members.ts';
import type { ApplyRun } from './run.ts';

/**
 * Members whom the file does not name have left. Their person and subject stay, so that neither is ever
 * somebody else's; guests are the partnership's business, not the file's.
 */
export async function pruneMembers(
  run: ApplyRun,
  { row }: SettledCommunity,
  members: readonly SettledMember[],
): Promise<void> {
  if (!run.prune) return;
  const gone = await run.tx.query<{ subject: string; username: string }>(
    `UPDATE memberships SET status = 'left', status_reason = NULL, updated_at = now()
     WHERE community_id = $1 AND status <> 'left' AND origin = 'local' AND subject <> ALL($2::uuid[])
     RETURNING subject, username`,
    [row.id, members.map(({ after }) => after.subject)],
  );
  const subjects = gone.map((member) => member.subject);
  await touchGroups(run.tx, row.id, await lockGroupsOfMembers(run.tx, row.id, subjects));
  await endMemberSessions(run.tx, row.id, subjects);
  for (const { subject, username } of gone.toSorted((a, b) =>
    a.username.localeCompare(b.username),
  )) {
    run.log.add(
      { action: 'remove', kind: 'member', community: row.slug, name: username, fields: ['left'] },
      { communityId: row.id, type: 'member.left', subject, details: { status: 'left' } },
    );
  }
}
