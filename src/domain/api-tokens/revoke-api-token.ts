import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { makerActor, type TokenMaker } from './create-api-token.ts';

/**
 * Ends a token at once; what was done by it stays.
 * @param communityId undefined: of the hub
 * @param id a UUID
 * @returns false when it was revoked before, or is not of this community
 */
export async function revokeApiToken(
  tx: Transaction,
  communityId: string | undefined,
  id: string,
  by: TokenMaker,
): Promise<boolean> {
  const [revoked] = await tx.query<{ name: string }>(
    `UPDATE api_tokens SET revoked_at = now()
     WHERE community_id IS NOT DISTINCT FROM $1 AND id = $2 AND revoked_at IS NULL RETURNING name`,
    [communityId ?? null, id],
  );
  if (revoked === undefined) return false;
  await recordEvents(tx, [
    {
      ...(communityId !== undefined && { communityId }),
      type: 'token.revoked',
      actor: makerActor(by),
      details: { token: id, name: revoked.name },
    },
  ]);
  return true;
}
