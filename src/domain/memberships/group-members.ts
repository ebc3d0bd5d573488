import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';

/** A member who is directly in a group. */
export type Tie = { groupId: string; subject: string };
/** Up to when; null: without an end. */
export type DatedTie = Tie & { until: Date | null };

/** Writes who is in what, and up to when; the groups and the members are locked by then. */
export async function storeGroupMembers(
  tx: Transaction,
  communityId: string,
  added: readonly DatedTie[],
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
      `INSERT INTO group_members (community_id, group_id, subject, until)
       SELECT $1, id, subject, until FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS t (id, subject, until)
       ON CONFLICT ON CONSTRAINT pk_group_members DO UPDATE SET until = EXCLUDED.until`,
      [
        communityId,
        batch.map((tie) => tie.groupId),
        batch.map((tie) => tie.subject),
        batch.map((tie) => tie.until),
      ],
    );
    await tx.wrote('group_members', batch.length);
  });
}
