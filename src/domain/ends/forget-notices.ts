import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';

/** Forgets what was told of ends that members no longer have: one that comes back is told of anew. */
export async function forgetNotices(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
): Promise<void> {
  await inBatches(subjects, (batch) =>
    tx.query(
      `DELETE FROM end_notices n USING memberships m
       WHERE n.community_id = $1 AND n.subject = ANY($2::uuid[])
         AND m.community_id = n.community_id AND m.subject = n.subject
         AND n.ends_at IS DISTINCT FROM CASE n.what WHEN 'membership' THEN m.until WHEN 'role' THEN m.role_until
           ELSE (SELECT gm.until FROM group_members gm WHERE gm.community_id = n.community_id
             AND gm.group_id = n.group_id AND gm.subject = n.subject) END`,
      [communityId, batch],
    ),
  );
}
