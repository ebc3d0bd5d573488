import { endMemberSessions } from '../../domain/sessions/end-sessions.ts';
import type { GroupChange } from './apply-member-groups.ts';
import type { SettledMember } from './apply-members.ts';
import type { ApplyRun } from './run.ts';

/**
 * Ends the sessions of members who are no longer what they were: another role or password, a status
 * that opens nothing, a group less (invariant 4).
 */
export async function endLostSessions(
  run: ApplyRun,
  communityId: string,
  members: readonly SettledMember[],
  groups: ReadonlyMap<string, GroupChange>,
): Promise<void> {
  const losers = members.filter(
    ({ after, changed }) =>
      changed.includes('role') ||
      (changed.includes('status') && after.status !== 'active') ||
      (groups.get(after.subject)?.removed.length ?? 0) > 0,
  );
  await endMemberSessions(
    run.tx,
    communityId,
    losers.map(({ after }) => after.subject),
  );
  await endPersonSessions(
    run,
    members
      .filter(({ changed }) => changed.includes('passwordHash'))
      .map(({ after }) => after.personId),
  );
}

/** A password is the person's: it opened the memberships that they have elsewhere, too. */
async function endPersonSessions(run: ApplyRun, personIds: readonly string[]): Promise<void> {
  if (personIds.length === 0) return;
  const memberships = await run.tx.query<{ communityId: string; subject: string }>(
    `SELECT community_id AS "communityId", subject FROM memberships
     WHERE person_id = ANY($1::uuid[]) ORDER BY community_id, subject`,
    [personIds],
  );
  for (const [id, list] of Map.groupBy(memberships, (membership) => membership.communityId)) {
    await endMemberSessions(
      run.tx,
      id,
      list.map((membership) => membership.subject),
    );
  }
  await run.tx.query(
    'DELETE FROM operator_sessions s USING operators o WHERE o.id = s.operator_id AND o.person_id = ANY($1::uuid[])',
    [personIds],
  );
  run.log.tell(
    memberships.map((membership) => ({ ...membership, type: 'member.password-changed' })),
  );
}
