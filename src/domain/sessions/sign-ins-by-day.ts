import type { Queryable } from '../../platform/database/database.ts';

export type DayOfSignIns = { day: string; count: number };

/**
 * How often members of a community signed in on each of the last days, today being the last.
 * @param zone IANA name of the time zone whose days are meant
 * @returns each day, as `YYYY-MM-DD`, those without a sign-in included
 */
export function signInsByDay(
  db: Queryable,
  communityId: string,
  { days, zone }: { days: number; zone: string },
): Promise<DayOfSignIns[]> {
  return db.query<DayOfSignIns>(
    `WITH days AS (
       SELECT generate_series((now() AT TIME ZONE $2)::date - ($3::int - 1), (now() AT TIME ZONE $2)::date, '1 day')::date AS day),
     counted AS (
       SELECT (at AT TIME ZONE $2)::date AS day, count(*)::int AS count FROM events
       WHERE community_id = $1 AND type = 'member.signed-in' AND at > now() - make_interval(days => $3::int + 1)
       GROUP BY 1)
     SELECT to_char(d.day, 'YYYY-MM-DD') AS day, COALESCE(c.count, 0) AS count
     FROM days d LEFT JOIN counted c USING (day) ORDER BY d.day`,
    [communityId, zone, days],
  );
}
