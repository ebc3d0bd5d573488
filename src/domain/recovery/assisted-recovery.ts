import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { endLinks, mintLink } from '../links/link-store.ts';
import { notifyRecovery } from './notify-recovery.ts';

export type AssistedRecovery = {
  id: string;
  subject: string;
  username: string;
  displayName: string;
  requestedBy: string;
  requestedByName: string;
  approvedBy: string | null;
  approvedByName: string | null;
  readyAt: Date | null;
  isReady: boolean;
};

type Place = { communityId: string; issuerUrl: string };

/**
 * What an admin said counts no longer when they lost the role, nor again when they get it back; nor when
 * their account was given back to them: it may have been somebody else who said it.
 */
const adminSince = (who: string, since: string) =>
  `(EXISTS (SELECT 1 FROM memberships a WHERE a.community_id = r.community_id AND a.subject = ${who}
      AND a.status = 'active' AND a.role <> 'member')
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.community_id = r.community_id AND e.subject = ${who}
      AND e.at >= ${since} AND (e.type IN ('member.suspended', 'member.left', 'member.deletion-requested', 'assisted-recovery.done')
        OR (e.type = 'member.role-changed' AND e.details ->> 'to' = 'member'))))`;
const BY_ADMINS = `${adminSince('r.requested_by', 'r.created_at')}
  AND (r.approved_by IS NULL OR ${adminSince('r.approved_by', 'r.approved_at')})`;

/** Days in which a request is approved, and in which the link is handed out once the delay is over. */
const OPEN_DAYS = 7;
const IN_TIME = `COALESCE(r.ready_at, r.created_at) > now() - interval '${OPEN_DAYS} days'`;

const ownerIs = (which: string) => `EXISTS (SELECT 1 FROM memberships o
  WHERE o.community_id = r.community_id AND o.status = 'active' AND o.role = 'owner' AND ${which})`;
/** Only owners make owners: where there is another, one of the two is. */
const BY_AN_OWNER = `(NOT ${ownerIs('o.subject = r.subject')} OR NOT ${ownerIs('o.subject <> r.subject')}
  OR ${ownerIs('o.subject IN (r.requested_by, r.approved_by)')})`;
const STANDS = `${BY_ADMINS} AND ${IN_TIME} AND (r.approved_by IS NULL OR ${BY_AN_OWNER})`;

const SELECT = `SELECT r.id, r.subject, m.username, m.display_name AS "displayName",
    r.requested_by AS "requestedBy", q.display_name AS "requestedByName",
    r.approved_by AS "approvedBy", v.display_name AS "approvedByName", r.ready_at AS "readyAt",
    COALESCE(r.ready_at <= now(), false) AS "isReady"
  FROM assisted_recoveries r
  JOIN memberships m ON m.community_id = r.community_id AND m.subject = r.subject
  JOIN memberships q ON q.community_id = r.community_id AND q.subject = r.requested_by
  LEFT JOIN memberships v ON v.community_id = r.community_id AND v.subject = r.approved_by
  WHERE r.community_id = $1 AND r.ended_at IS NULL AND m.status = 'active' AND ${STANDS}`;

/** Whether somebody may be the second of the two who let a member back in. */
export function mayApprove(
  { subject, requestedBy, approvedBy }: AssistedRecovery,
  by: string,
): boolean {
  return approvedBy === null && by !== requestedBy && by !== subject;
}

/** What is under way in a community. */
export function listRecoveries(db: Queryable, communityId: string): Promise<AssistedRecovery[]> {
  return db.query<AssistedRecovery>(`${SELECT} ORDER BY r.created_at`, [communityId]);
}

/** What is under way for one member. */
export async function recoveryOf(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<AssistedRecovery | undefined> {
  const [row] = await db.query<AssistedRecovery>(`${SELECT} AND r.subject = $2`, [
    communityId,
    subject,
  ]);
  return row;
}

/**
 * An admin asks that a member be let in again, and the member is told at once.
 * @throws RefusedError `self`, `open` when one is under way, or `status` for one who is not active
 */
export async function requestRecovery(
  tx: Transaction,
  { communityId, issuerUrl }: Place,
  { subject, by, delayHours }: { subject: string; by: string; delayHours: number },
): Promise<void> {
  if (subject === by) throw new RefusedError('self', 'nobody recovers their own account here');
  await requireAdmin(tx, communityId, by);
  const [member] = await tx.query<{ status: string }>(
    'SELECT status FROM memberships WHERE community_id = $1 AND subject = $2 FOR NO KEY UPDATE',
    [communityId, subject],
  );
  if (member === undefined) throw new NotFoundError('member');
  if (member.status !== 'active') throw new RefusedError('state', 'the member is not active');
  // One whose time is over, or whose admin lost the role meanwhile, stands in nobody's way.
  await tx.query(
    `UPDATE assisted_recoveries r SET ended_at = now(), outcome = 'expired'
     WHERE r.community_id = $1 AND r.subject = $2 AND r.ended_at IS NULL AND NOT (${STANDS})`,
    [communityId, subject],
  );
  const [made] = await tx.query<{ id: string }>(
    `INSERT INTO assisted_recoveries (community_id, subject, requested_by) VALUES ($1, $2, $3)
     ON CONFLICT (community_id, subject) WHERE ended_at IS NULL DO NOTHING RETURNING id`,
    [communityId, subject, by],
  );
  if (made === undefined) throw new RefusedError('open', 'a recovery is under way already');
  await recordEvents(tx, [
    {
      communityId,
      type: 'assisted-recovery.requested',
      actor: `member:${by}`,
      subject,
      details: { recovery: made.id },
    },
  ]);
  const about = { communityId, issuerUrl, subject, recovery: made.id };
  await notifyRecovery(tx, about, 'assisted-recovery-started', { by, delayHours });
}

/**
 * A second admin approves; the delay begins.
 * @throws RefusedError `same` for the admin who asked, `self` for the member, `owner` where it takes one;
 *   NotFoundError when it is over
 */
export async function approveRecovery(
  tx: Transaction,
  communityId: string,
  { id, by, delayHours }: { id: string; by: string; delayHours: number },
): Promise<void> {
  await requireAdmin(tx, communityId, by);
  const recovery = await lockRecovery(tx, communityId, id);
  if (recovery.requestedBy === by) throw new RefusedError('same', 'it takes another admin');
  if (recovery.subject === by) throw new RefusedError('self', 'nobody approves their own');
  const approved = await tx.query(
    `UPDATE assisted_recoveries SET approved_by = $3, approved_at = now(), ready_at = now() + $4 * interval '1 hour'
     WHERE community_id = $1 AND id = $2 AND approved_by IS NULL RETURNING 1`,
    [communityId, id, by, delayHours],
  );
  if (approved.length === 0) throw new NotFoundError('recovery');
  const [allowed] = await tx.query(
    `SELECT 1 FROM assisted_recoveries r WHERE r.community_id = $1 AND r.id = $2 AND ${BY_AN_OWNER}`,
    [communityId, id],
  );
  if (allowed === undefined) throw new RefusedError('owner', 'one of the two has to be an owner');
  await recordEvents(tx, [
    {
      communityId,
      type: 'assisted-recovery.approved',
      actor: `member:${by}`,
      subject: recovery.subject,
      details: { recovery: id },
    },
  ]);
}

/** Ends what is under way: an admin refuses it, or the person says that it was not them. */
export async function endRecovery(
  tx: Transaction,
  communityId: string,
  { id, subject }: { id: string; subject?: string },
  by: string,
  outcome: 'refused' | 'cancelled',
): Promise<boolean> {
  const [ended] = await tx.query<{ subject: string }>(
    `UPDATE assisted_recoveries SET ended_at = now(), outcome = $4
     WHERE community_id = $1 AND id = $2 AND ended_at IS NULL AND ($3::uuid IS NULL OR subject = $3)
     RETURNING subject`,
    [communityId, id, subject ?? null, outcome],
  );
  if (ended === undefined) return false;
  await endLinks(tx, communityId, ['assisted-recovery'], ended.subject);
  await recordEvents(tx, [
    {
      communityId,
      type: `assisted-recovery.${outcome}`,
      actor: `member:${by}`,
      subject: ended.subject,
      details: { recovery: id },
    },
  ]);
  return true;
}

/** Whether the account was given back by it: then there is nothing left to refuse. */
export async function wasGivenBack(
  db: Queryable,
  communityId: string,
  id: string,
): Promise<boolean> {
  const found = await db.query(
    `SELECT 1 FROM assisted_recoveries WHERE community_id = $1 AND id = $2 AND outcome = 'done'`,
    [communityId, id],
  );
  return found.length > 0;
}

const LINK_HOURS = 24;

/**
 * After the delay, one of the two admins gets the link, once; another one makes the one before worthless.
 * @returns the token of the link
 * @throws RefusedError `not-ready`, or `role` for somebody else than the two
 */
export async function handOutLink(
  tx: Transaction,
  { communityId, issuerUrl }: Place,
  { id, by }: { id: string; by: string },
): Promise<{ token: string; displayName: string }> {
  await requireAdmin(tx, communityId, by);
  const recovery = await lockRecovery(tx, communityId, id);
  if (by !== recovery.requestedBy && by !== recovery.approvedBy)
    throw new RefusedError('role', 'the link is for the two admins who answer for it');
  if (!recovery.isReady) throw new RefusedError('not-ready', 'the delay is not over');
  await tx.query(
    `UPDATE links SET used_at = now() WHERE community_id = $1 AND subject = $2 AND kind = 'assisted-recovery'
       AND used_at IS NULL AND NOT details ? 'refuse'`,
    [communityId, recovery.subject],
  );
  const token = await mintLink(tx, communityId, {
    kind: 'assisted-recovery',
    subject: recovery.subject,
    details: { recovery: id },
    hours: LINK_HOURS,
  });
  await recordEvents(tx, [
    {
      communityId,
      type: 'assisted-recovery.ready',
      actor: `member:${by}`,
      subject: recovery.subject,
      details: { recovery: id },
    },
  ]);
  const about = { communityId, issuerUrl, subject: recovery.subject, recovery: id };
  await notifyRecovery(tx, about, 'assisted-recovery-ready', { by, delayHours: 0 });
  return { token, displayName: recovery.displayName };
}

/** @throws NotFoundError when it is over, another community's, or its admins are admins no longer */
export async function lockRecovery(
  tx: Transaction,
  communityId: string,
  id: string,
): Promise<AssistedRecovery> {
  const [row] = await tx.query<AssistedRecovery>(`${SELECT} AND r.id = $2 FOR UPDATE OF r`, [
    communityId,
    id,
  ]);
  if (row === undefined) throw new NotFoundError('recovery');
  return row;
}

async function requireAdmin(tx: Transaction, communityId: string, subject: string): Promise<void> {
  const [admin] = await tx.query(
    `SELECT 1 FROM memberships WHERE community_id = $1 AND subject = $2 AND status = 'active' AND role <> 'member'
     FOR KEY SHARE`,
    [communityId, subject],
  );
  if (admin === undefined) throw new RefusedError('role', 'this takes an admin');
}
