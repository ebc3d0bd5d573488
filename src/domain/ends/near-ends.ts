import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { isActive } from '../membership-standing.ts';
import type { MailLine } from '../notices/mail.ts';

/** Days before an end at which it is told of, each once; the nearest that is reached, where several are. */
export const NOTICE_DAYS = [30, 7, 1] as const;

/** Who is told of an end: the member at its time; the admins in a message a day, which looks a day further. */
export type Told = 'member' | 'admins';

/** An end that is near, told of by now. */
export type NearEnd = {
  communityId: string;
  subject: string;
  what: 'membership' | 'role' | 'group';
  displayName: string;
  role: string;
  /** The name of the group, where it is a place in one that ends. */
  group: string | null;
  endsAt: Date;
};

const LOOKS_AHEAD: Record<Told, number> = { member: 0, admins: 1 };

/** Ends of who is active, in communities that are, with the notice that is due: `days` before them. */
function nearEnds(told: Told): string {
  const ahead = LOOKS_AHEAD[told];
  const within = (days: number) => `now() + interval '${days + ahead} days'`;
  const stages = [...NOTICE_DAYS].reverse();
  const stage = stages.map((days) => `WHEN e.ends_at <= ${within(days)} THEN ${days}`).join(' ');
  const soon = (column: string) =>
    `${column} > now() AND ${column} <= ${within(NOTICE_DAYS[0])} AND ${isActive('m')}`;
  return `SELECT e.*, CASE ${stage} END AS days FROM (
      SELECT m.community_id, m.subject, 'membership' AS what, NULL::uuid AS group_id, m.until AS ends_at
        FROM memberships m WHERE ${soon('m.until')}
      UNION ALL SELECT m.community_id, m.subject, 'role', NULL, m.role_until FROM memberships m WHERE ${soon('m.role_until')}
      UNION ALL SELECT gm.community_id, gm.subject, 'group', gm.group_id, gm.until FROM group_members gm
        JOIN memberships m ON m.community_id = gm.community_id AND m.subject = gm.subject WHERE ${soon('gm.until')}) e
    JOIN communities c ON c.id = e.community_id AND c.state = 'active'`;
}

/** Those of which nobody was told yet, so near: what was told of at a nearer time needs no further one. */
function untold(told: Told): string {
  return `SELECT e.* FROM (${nearEnds(told)}) e WHERE NOT EXISTS (SELECT FROM end_notices n
    WHERE n.community_id = e.community_id AND n.subject = e.subject AND n.what = e.what
      AND n.group_id IS NOT DISTINCT FROM e.group_id AND n.ends_at = e.ends_at
      AND n.days <= e.days AND n.told = '${told}')`;
}

/**
 * Takes ends of which somebody is to be told, and notes that they are: whoever comes at the same time takes others.
 * @param where they are taken; undefined: in every community
 */
export function takeNearEnds(
  tx: Transaction,
  told: Told,
  { communityId, limit }: { communityId?: string; limit: number },
): Promise<NearEnd[]> {
  return tx.query<NearEnd>(
    `WITH near AS MATERIALIZED (SELECT * FROM (${untold(told)}) u
         WHERE $2::uuid IS NULL OR u.community_id = $2::uuid
         ORDER BY community_id, subject, ends_at LIMIT $1),
       noted AS (INSERT INTO end_notices (community_id, subject, what, group_id, ends_at, days, told)
         SELECT community_id, subject, what, group_id, ends_at, days, '${told}' FROM near
         ON CONFLICT DO NOTHING RETURNING community_id, subject, what, group_id)
     SELECT near.community_id AS "communityId", near.subject, near.what, near.ends_at AS "endsAt",
       m.display_name AS "displayName", m.role, g.name AS "group"
     FROM near
       JOIN noted n ON n.community_id = near.community_id AND n.subject = near.subject AND n.what = near.what
         AND n.group_id IS NOT DISTINCT FROM near.group_id
       JOIN memberships m ON m.community_id = near.community_id AND m.subject = near.subject
       LEFT JOIN groups g ON g.community_id = near.community_id AND g.id = near.group_id
     ORDER BY near.ends_at, m.username_key`,
    [limit, communityId ?? null],
  );
}

/** The ends of a community that are near, the nearest first. */
export function listNearEnds(
  db: Queryable,
  communityId: string,
  limit: number,
): Promise<NearEnd[]> {
  return db.query<NearEnd>(
    `SELECT e.community_id AS "communityId", e.subject, e.what, e.ends_at AS "endsAt",
       m.display_name AS "displayName", m.role, g.name AS "group"
     FROM (${nearEnds('member')}) e
       JOIN memberships m ON m.community_id = e.community_id AND m.subject = e.subject
       LEFT JOIN groups g ON g.community_id = e.community_id AND g.id = e.group_id
     WHERE e.community_id = $1 ORDER BY e.ends_at, m.username_key LIMIT $2`,
    [communityId, limit],
  );
}

/** Communities whose admins have something to be told, and were told nothing for a day. */
export async function communitiesToTell(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT u.community_id AS id FROM (${untold('admins')}) u
     WHERE NOT EXISTS (SELECT FROM end_digests d WHERE d.community_id = u.community_id AND NOT ${A_DAY_AGO})`,
  );
  return rows.map(({ id }) => id);
}

/** A little less, so that the message keeps its hour. */
const A_DAY_AGO = `d.sent_at <= now() - interval '23 hours 30 minutes'`;

/** @returns whether it is this transaction that writes today */
export async function takeDay(tx: Transaction, communityId: string): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO end_digests AS d (community_id) VALUES ($1)
     ON CONFLICT (community_id) DO UPDATE SET sent_at = now() WHERE ${A_DAY_AGO} RETURNING 1`,
    [communityId],
  );
  return rows.length > 0;
}

/** An end as a line of a message. */
export function toLine({ what, role, group, displayName, endsAt }: NearEnd): MailLine {
  const kind = what === 'role' ? (role === 'owner' ? 'owner' : 'admin') : what;
  return { kind, displayName, ...(group !== null && { group }), until: endsAt.toISOString() };
}
