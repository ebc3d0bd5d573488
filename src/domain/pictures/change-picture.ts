import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { newToken } from '../../platform/secrets/token-hash.ts';
import { NotFoundError } from '../errors.ts';

/**
 * Gives a member this picture instead of the one they had, the address of which leads nowhere from then on. The
 * same picture once more changes nothing.
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
  const [changed] = await tx.query<{ key: string }>(
    `INSERT INTO member_pictures AS p (community_id, subject, key, bytes)
     SELECT community_id, subject, $3, $4 FROM memberships WHERE community_id = $1 AND subject = $2
     ON CONFLICT ON CONSTRAINT pk_member_pictures
       DO UPDATE SET key = EXCLUDED.key, bytes = EXCLUDED.bytes, created_at = now()
       WHERE p.bytes <> EXCLUDED.bytes RETURNING key`,
    [communityId, subject, newToken(), bytes],
  );
  if (changed === undefined) return keyOf(tx, communityId, subject);
  await touch(tx, communityId, subject);
  await recordEvents(tx, [{ communityId, type: 'member.picture-changed', actor, subject }]);
  return changed.key;
}

async function keyOf(tx: Transaction, communityId: string, subject: string): Promise<string> {
  const [picture] = await tx.query<{ key: string }>(
    'SELECT key FROM member_pictures WHERE community_id = $1 AND subject = $2',
    [communityId, subject],
  );
  if (picture === undefined) throw new NotFoundError('member');
  return picture.key;
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
