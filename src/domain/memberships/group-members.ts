import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';

/** A member who is directly in a group. */
export type Tie = { groupId: string; subject: string };

/** Writes who is in what; the groups and the members are locked by then. */
export async function storeGroupMembers(
  tx: Transaction,
  communityId: string,
  added: readonly Tie[],
  removed: readonly Tie[],
): Promise<void> {
  await inBatches(removed, async (batch) => {
    await tx.query(
      `DELETE FROM group_members g USING unnest($2::uuid[], $3::uuid[]) AS t (id, subject)
       WHERE g.community_id = $1 AND g.group_id = t.id AND g.subject = t.subject`,
      [communityId, batch.map((tie) => tie.groupId), batch.map((tie) => tie.subject)],
    );
    await tx.wrote('group_members', batch.length);
  });
  await inBatches(added, async (batch) => {
    await tx.query(
      `INSERT INTO group_members (community_id, group_id, subject)
       SELECT $1, id, subject FROM unnest($2::uuid[], $3::uuid[]) AS t (id, subject)
       ON CONFLICT DO NOTHING`,
      [communityId, batch.map((tie) => tie.groupId), batch.map((tie) => tie.subject)],
    );
    await tx.wrote('group_members', batch.length);
  });
}
