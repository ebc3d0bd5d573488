import type { Queryable } from '../../platform/database/database.ts';

/** The bytes (JPEG) of a member's picture, by the key that its address ends in. */
export async function loadPicture(
  db: Queryable,
  communityId: string,
  key: string,
): Promise<Buffer | undefined> {
  const [row] = await db.query<{ bytes: Buffer }>(
    'SELECT bytes FROM member_pictures WHERE community_id = $1 AND key = $2',
    [communityId, key],
  );
  return row?.bytes;
}

/** The address of a picture at one issuer of the community. */
export function pictureUrl(issuerUrl: string, key: string): string {
  return `${issuerUrl}/pictures/${key}`;
}
