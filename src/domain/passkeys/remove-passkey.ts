import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import type { FactorHolder } from '../second-factors/holder.ts';
import { forgetCodesOfNobody } from '../second-factors/recovery-codes.ts';
import { type RemovalRefusal, refusalOfRemoval } from '../second-factors/removal.ts';
import { deletePasskey } from './passkey-store.ts';

/**
 * Removes a passkey: from then on it opens nothing, and whatever it opened before is over. This session goes on;
 * all others of the person end. The last second factor stays where a community asks
 * for one, or where the password is too short to stand alone.
 * @returns why it stays; undefined when it is gone
 * @throws NotFoundError when the person has no such passkey
 */
export async function removePasskey(
  tx: Transaction,
  holder: FactorHolder,
  { uid }: { uid: string },
  id: string,
): Promise<RemovalRefusal | undefined> {
  const { personId } = holder;
  const refusal = await refusalOfRemoval(tx, personId, (factors) => ({
    ...factors,
    passkeys: factors.passkeys.filter((passkey) => passkey.id !== id),
  }));
  if (refusal !== undefined) return refusal;
  const removed = await deletePasskey(tx, personId, id);
  if (removed === undefined) throw new NotFoundError('passkey');
  await forgetCodesOfNobody(tx, personId);
  await holder.endOthers(tx, uid);
  await recordEvents(tx, [holder.event({ type: 'passkey.removed', details: { passkey: id } })]);
  await holder.notify(tx, { template: 'passkey-removed', data: { passkey: removed.name } });
  return undefined;
}
