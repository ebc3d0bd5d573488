import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import { NotFoundError } from '../errors.ts';

/**
 * Gives a member this picture instead of the one they had, the address of which leads nowhere from then on.
 * @param bytes from `PictureMaker`
 * @returns the key of its address
 * @throws NotFoundError when the member is not of this community
 */
export async function setPicture(
  tx: Transaction,
  communityId: string,
  subject: string,
  bytes: Buffer,
  actor: Actor,
): Promise<string> {
  const key = newToken();
  await touch(tx, communityId, subject);
  await tx.query(
    `INSERT INTO member_pictures (community_id, subject, key, bytes) VALUES ($1, $2, $3, $4)
     ON CONFLICT ON CONSTRAINT pk_member_pictures
       DO UPDATE SET key = EXCLUDED.key, bytes = EXCLUDED.bytes, created_at = now()`,
    [communityId, subject, key, bytes],
  );
  await recordEvents(tx, [{ communityId, type: 'member.picture-changed', actor, subject }]);
  return key;
}

/** @returns whether there was one */
export async function removePicture(
  tx: Transaction,
  communityId: string,
  subject: string,
  actor: Actor,
): Promise<boolean> {
  const removed = await tx.query(
    'DELETE FROM member_pictures WHERE community_id = $1 AND subject = $2 RETURNING 1',
    [communityId, subject],
  );
  if (removed.length === 0) return false;
  await touch(tx, communityId, subject);
  await recordEvents(tx, [{ communityId, type: 'member.picture-removed', actor, subject }]);
  return true;
}

/** The picture is part of what services know of the member (`updated_at`). */
async function touch(tx: Transaction, communityId: string, subject: string): Promise<void> {
  const touched = await tx.query(
    'UPDATE memberships SET updated_at = now() WHERE community_id = $1 AND subject = $2 RETURNING 1',
    [communityId, subject],
  );
  if (touched.length === 0) throw new NotFoundError('member');
}
