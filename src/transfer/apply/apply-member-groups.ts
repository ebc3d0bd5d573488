import { lockGroupsAround, touchGroups, touchMembers } from '../../domain/groups/touch-entries.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { GroupIds } from './apply-groups.ts';
import type { SettledMember } from './apply-members.ts';
import { type ApplyRun, inBatches } from './run.ts';

/** Names of the groups that a member came into or went out of. */
export type GroupChange = { added: string[]; removed: string[] };
export const NO_CHANGE: Readonly<GroupChange> = { added: [], removed: [] };

type Tie = { subject: string; group: string };

/**
 * Puts members into the groups that the file gives them; with --prune, a member whose `groups` is given
 * is taken out of all others.
 * @returns what changed, by subject; members without a change are absent
 */
export async function applyMemberGroups(
  run: ApplyRun,
  { row: { id } }: SettledCommunity,
  members: readonly SettledMember[],
  groups: GroupIds,
): Promise<Map<string, GroupChange>> {
  const listed = members.filter(({ entry }) => entry.groups !== undefined);
  const stored = await run.tx.query<Tie>(
    'SELECT subject, group_id AS "group" FROM group_members WHERE community_id = $1 AND subject = ANY($2::uuid[])',
    [id, listed.map(({ after }) => after.subject)],
  );
  const before = Map.groupBy(stored, (tie) => tie.subject);
  const added: Tie[] = [];
  const removed: Tie[] = [];
  for (const { entry, after } of listed) {
    const current = new Set((before.get(after.subject) ?? []).map((tie) => tie.group));
    const wanted = new Set((entry.groups ?? []).map((name) => groups.get(nameKey(name)) as string));
    for (const group of wanted)
      if (!current.has(group)) added.push({ subject: after.subject, group });
    if (!run.prune) continue;
    for (const group of current)
      if (!wanted.has(group)) removed.push({ subject: after.subject, group });
  }
  await storeTies(run, id, added, removed);
  const fresh = new Set(members.flatMap(({ before, after }) => (before ? [] : after.subject)));
  await touchTied(run, id, [...added, ...removed], fresh);
  return namedChanges(await groupNames(run, id, [...added, ...removed]), added, removed);
}

async function storeTies(
  run: ApplyRun,
  communityId: string,
  added: Tie[],
  removed: Tie[],
): Promise<void> {
  await inBatches(added, (batch) =>
    run.tx.query(
      `INSERT INTO group_members (community_id, subject, group_id)
       SELECT $1, subject, "group" FROM unnest($2::uuid[], $3::uuid[]) AS t (subject, "group")`,
      [communityId, batch.map((tie) => tie.subject), batch.map((tie) => tie.group)],
    ),
  );
  await inBatches(removed, (batch) =>
    run.tx.query(
      `DELETE FROM group_members g USING unnest($2::uuid[], $3::uuid[]) AS t (subject, "group")
       WHERE g.community_id = $1 AND g.subject = t.subject AND g.group_id = t."group"`,
      [communityId, batch.map((tie) => tie.subject), batch.map((tie) => tie.group)],
    ),
  );
}

/** @param fresh subjects whose row is of this very run */
async function touchTied(
  run: ApplyRun,
  communityId: string,
  ties: readonly Tie[],
  fresh: ReadonlySet<string>,
): Promise<void> {
  if (ties.length === 0) return;
  const ids = [...new Set(ties.map((tie) => tie.group))];
  const subjects = ties.flatMap((tie) => (fresh.has(tie.subject) ? [] : tie.subject));
  await touchGroups(run.tx, communityId, await lockGroupsAround(run.tx, communityId, ids));
  await touchMembers(run.tx, communityId, subjects);
}

async function groupNames(
  run: ApplyRun,
  communityId: string,
  ties: readonly Tie[],
): Promise<Map<string, string>> {
  if (ties.length === 0) return new Map();
  const rows = await run.tx.query<{ id: string; name: string }>(
    'SELECT id, name FROM groups WHERE community_id = $1',
    [communityId],
  );
  return new Map(rows.map((row) => [row.id, row.name]));
}

function namedChanges(
  names: ReadonlyMap<string, string>,
  added: Tie[],
  removed: Tie[],
): Map<string, GroupChange> {
  const changes = new Map<string, GroupChange>();
  const note = (tie: Tie, kind: keyof GroupChange) => {
    const change = changes.get(tie.subject) ?? { added: [], removed: [] };
    change[kind].push(names.get(tie.group) as string);
    changes.set(tie.subject, change);
  };
  for (const tie of added) note(tie, 'added');
  for (const tie of removed) note(tie, 'removed');
  return changes;
}
