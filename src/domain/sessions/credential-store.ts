import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import { reasonNow, statusNow } from '../membership-standing.ts';

/** The credential that a typed name leads to. */
export type Credential = {
  subject: string;
  personId: string;
  displayName: string;
  status: 'requested' | 'active' | 'suspended' | 'left';
  /** The account is about to be deleted: who signs in is asked whether it stays. */
  statusReason: 'deletion' | 'ended' | null;
  passwordHash: string | null;
};

/** The member of a community whom a typed username or e-mail address names; undefined for nobody. */
export async function findCredential(
  db: Queryable,
  communityId: string,
  login: string,
): Promise<Credential | undefined> {
  // A username holds no "@", so that nobody's name can be another's address.
  const column = login.includes('@') ? 'email_key' : 'username_key';
  const [row] = await db.query<Credential>(
    `SELECT m.subject, m.person_id AS "personId", m.display_name AS "displayName", ${statusNow('m')} AS status, ${reasonNow('m')} AS "statusReason", p.password_hash AS "passwordHash"
     FROM memberships m JOIN persons p ON p.id = m.person_id
     WHERE m.community_id = $1 AND m.${column} = $2`,
    [communityId, nameKey(login.trim())],
    `find-credential-${column}`,
  );
  return row;
}
