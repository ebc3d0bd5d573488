import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { findLink, type Link, spendLink } from '../links/link-store.ts';
import { chooseAddress } from './choose-address.ts';

/** What a link of kind `verification` would prove, for whom. */
export type Proof = {
  subject: string;
  address: string;
  username: string;
  displayName: string;
  /** Whether the community will use the address from then on. */
  choose: boolean;
};

/** Looks at a link and changes nothing. @returns undefined when it opens nothing (any more) */
export async function readProof(
  db: Queryable,
  communityId: string,
  token: string,
): Promise<Proof | undefined> {
  const link = await findLink(db, communityId, 'verification', token);
  return link && proofOf(db, communityId, link);
}

/**
 * Proves the address for the member who asked, and for nobody else, whoever opens the link.
 * @returns undefined when the link opens nothing (any more); `taken` when another member of the community
 *   uses the address by now: it is proven, and not chosen
 */
export async function proveAddress(
  tx: Transaction,
  { id: communityId, issuerUrl }: { id: string; issuerUrl: string },
  token: string,
): Promise<{ subject: string; outcome: 'proven' | 'chosen' | 'taken' } | undefined> {
  const link = await spendLink(tx, communityId, 'verification', token);
  const proof = link && (await proofOf(tx, communityId, link));
  if (proof === undefined) return undefined;
  const { subject, address } = proof;
  await tx.query(
    `UPDATE person_emails e SET verified_at = COALESCE(e.verified_at, now()), proven_at = now()
     FROM memberships m WHERE m.community_id = $1 AND m.subject = $2
       AND e.person_id = m.person_id AND e.address = $3`,
    [communityId, subject, address],
  );
  // Apps that keep what they know of a member see that it is verified.
  await tx.query(
    'UPDATE memberships SET updated_at = now() WHERE community_id = $1 AND subject = $2 AND email = $3',
    [communityId, subject, address],
  );
  await recordEvents(tx, [
    { communityId, type: 'email.verified', actor: `member:${subject}`, subject },
  ]);
  if (!proof.choose) return { subject, outcome: 'proven' };
  const refusal = await chooseAddress(tx, { communityId, subject, issuerUrl, address });
  return { subject, outcome: refusal === undefined ? 'chosen' : 'taken' };
}

/**
 * A link counts while the person still has the address, and still has the password that they had when they
 * asked: whoever was locked out by a new one must not come back by an address that they added before.
 */
async function proofOf(
  db: Queryable,
  communityId: string,
  { subject, email, details, createdAt }: Link,
): Promise<Proof | undefined> {
  const [row] = await db.query<{ username: string; displayName: string; hasEmail: boolean }>(
    `SELECT m.username, m.display_name AS "displayName", m.email IS NOT NULL AS "hasEmail"
     FROM memberships m JOIN persons p ON p.id = m.person_id
     JOIN person_emails e ON e.person_id = m.person_id AND e.address = $3
     WHERE m.community_id = $1 AND m.subject = $2 AND m.status IN ('active', 'requested')
       AND (p.password_changed_at IS NULL OR p.password_changed_at <= $4)`,
    [communityId, subject, email, details.askedAt ?? createdAt],
  );
  if (row === undefined || subject === null || email === null) return undefined;
  const { hasEmail, ...member } = row;
  return { subject, address: email, ...member, choose: details.choose === true || !hasEmail };
}
