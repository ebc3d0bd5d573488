import type { Transaction } from '../database/database.ts';
import { recordEvents } from '../events/record-event.ts';
import { notifyMember } from '../mail/notify-member.ts';
import type { Member } from '../memberships/member.ts';
import { readFactors } from '../second-factors/factor-store.ts';
import { secondFactorRequirement } from '../second-factors/requirement.ts';
import type { CommunityRequest } from '../web/community-request.ts';
import { notFound } from '../web/http-errors.ts';
import { deletePasskey } from './passkey-store.ts';
import type { PasskeyParts } from './verify-assertion.ts';

export type RemovalRefusal = 'required' | 'short-password';

/**
 * Removes a passkey: from then on it opens nothing. The last second factor stays where a community asks
 * for one, or where the password is too short to stand alone.
 * @returns why it stays; undefined when it is gone
 * @throws RequestError 404 when the person has no such passkey
 */
export async function removePasskey(
  parts: PasskeyParts,
  request: CommunityRequest,
  { personId, subject }: Pick<Member, 'personId' | 'subject'>,
  id: string,
): Promise<RemovalRefusal | undefined> {
  return parts.database.transaction(async (tx) => {
    const [person] = await tx.query<{ passwordShort: boolean }>(
      'SELECT password_short AS "passwordShort" FROM persons WHERE id = $1 FOR UPDATE',
      [personId],
    );
    const { totp, passkeys } = await readFactors(tx, personId);
    if (!totp && passkeys.length === 1 && passkeys[0]?.id === id) {
      if (person?.passwordShort === true) return 'short-password';
      if (await isAskedForOne(tx, personId)) return 'required';
    }
    const removed = await deletePasskey(tx, personId, id);
    if (removed === undefined) throw notFound('passkey');
    await recordEvents(tx, [
      {
        communityId: request.community.id,
        type: 'passkey.removed',
        actor: `member:${subject}`,
        subject,
        details: { passkey: id },
      },
    ]);
    await notifyMember(tx, {
      communityId: request.community.id,
      subject,
      issuerUrl: request.issuer.url,
      template: 'passkey-removed',
      data: { passkey: removed.name },
    });
    return undefined;
  });
}

/** Whether any community of the person asks for a second factor by now. */
async function isAskedForOne(tx: Transaction, personId: string): Promise<boolean> {
  const memberships = await tx.query<{
    role: Member['role'];
    secondFactor: 'optional' | 'admins' | 'all';
    secondFactorFrom: string | null;
  }>(
    `SELECT m.role, c.second_factor AS "secondFactor", c.second_factor_from AS "secondFactorFrom"
     FROM memberships m JOIN communities c ON c.id = m.community_id
     WHERE m.person_id = $1 AND m.status = 'active'`,
    [personId],
  );
  return memberships.some((membership) => secondFactorRequirement(membership, membership).inForce);
}
