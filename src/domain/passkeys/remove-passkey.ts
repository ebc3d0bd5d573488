import { recordEvents } from '../../platform/events/record-event.ts';
import type { CommunityAt } from '../communities/issuer.ts';
import { NotFoundError } from '../errors.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { endSessionsOfPersons } from '../second-factors/other-sessions.ts';
import { forgetCodesOfNobody } from '../second-factors/recovery-codes.ts';
import { type RemovalRefusal, refusalOfRemoval } from '../second-factors/removal.ts';
import { deletePasskey } from './passkey-store.ts';
import type { PasskeyParts } from './verify-assertion.ts';

/**
 * Removes a passkey: from then on it opens nothing, and whatever it opened before is over. This session goes on;
 * all others of the person end. The last second factor stays where a community asks
 * for one, or where the password is too short to stand alone.
 * @returns why it stays; undefined when it is gone
 * @throws NotFoundError when the person has no such passkey
 */
export async function removePasskey(
  { database }: Pick<PasskeyParts, 'database'>,
  { community, issuer }: CommunityAt,
  { personId, subject, session }: { personId: string; subject: string; session: { uid: string } },
  id: string,
): Promise<RemovalRefusal | undefined> {
  return database.transaction(async (tx) => {
    const refusal = await refusalOfRemoval(tx, personId, (factors) => ({
      ...factors,
      passkeys: factors.passkeys.filter((passkey) => passkey.id !== id),
    }));
    if (refusal !== undefined) return refusal;
    const removed = await deletePasskey(tx, personId, id);
    if (removed === undefined) throw new NotFoundError('passkey');
    await forgetCodesOfNobody(tx, personId);
    await endSessionsOfPersons(tx, [
      { personId, kept: { communityId: community.id, uid: session.uid } },
    ]);
    await recordEvents(tx, [
      {
        communityId: community.id,
        type: 'passkey.removed',
        actor: `member:${subject}`,
        subject,
        details: { passkey: id },
      },
    ]);
    await notifyMember(tx, {
      communityId: community.id,
      subject,
      issuerUrl: issuer.url,
      template: 'passkey-removed',
      data: { passkey: removed.name },
    });
    return undefined;
  });
}
