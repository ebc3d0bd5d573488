import { nameKey } from '../memberships/names.ts';
import { endMemberSessions } from '../sessions/end-sessions.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ApplyRun } from './run.ts';

/** Takes away groups that the file does not name, and with them who is in them. */
export async function pruneGroups(run: ApplyRun, community: SettledCommunity): Promise<void> {
  if (!run.prune || community.entry.groups === undefined) return;
  const { id, slug } = community.row;
  const named = community.entry.groups.map((group) => nameKey(group.name));
  const rows = await run.tx.query<{ id: string; name: string }>(
    'SELECT id, name FROM groups WHERE community_id = $1 AND name_key <> ALL($2) ORDER BY name_key',
    [id, named],
  );
  if (rows.length === 0) return;
  const ids = rows.map((row) => row.id);
  await endSessionsInGroups(run, id, ids);
  await run.tx.query('DELETE FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[])', [
    id,
    ids,
  ]);
  for (const row of rows) {
    run.log.add(
      { action: 'remove', kind: 'group', community: slug, name: row.name, fields: [] },
      { communityId: id, type: 'group.removed', details: { group: row.id, name: row.name } },
    );
  }
}

/** Ends the sessions of all who are in these groups, directly or through what is nested in them. */
export async function endSessionsInGroups(
  run: ApplyRun,
  communityId: string,
  groupIds: readonly string[],
): Promise<void> {
  if (groupIds.length === 0) return;
  const members = await run.tx.query<{ subject: string }>(
    `WITH RECURSIVE inside (id) AS (
       SELECT unnest($2::uuid[])
       UNION SELECT n.child_id FROM group_nestings n JOIN inside ON n.parent_id = inside.id WHERE n.community_id = $1)
     SELECT DISTINCT m.subject FROM group_members m JOIN inside ON m.group_id = inside.id WHERE m.community_id = $1`,
    [communityId, groupIds],
  );
  await endMemberSessions(
    run.tx,
    communityId,
    members.map((member) => member.subject),
  );
}
