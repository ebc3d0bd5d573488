/**
 * What a membership is at this instant, as SQL. What has ended opens nothing from its end on, whether or not the
 * worker has been there (invariant 4): whoever decides by a status, a role or a group asks by these.
 */

/** Whether a row of memberships opens anything. */
export const isActive = (m: string) =>
  `(${m}.status = 'active' AND (${m}.until IS NULL OR ${m}.until > now()))`;

/** Active, or waiting for the account to be deleted, which lets one sign in to take that back. */
export const letsSignIn = (m: string) => `(${isActive(m)} OR ${m}.status_reason = 'deletion')`;

export const statusNow = (m: string) =>
  `CASE WHEN ${m}.status = 'active' AND ${m}.until <= now() THEN 'suspended' ELSE ${m}.status END`;

export const reasonNow = (m: string) =>
  `CASE WHEN ${m}.status = 'active' AND ${m}.until <= now() THEN 'ended' ELSE ${m}.status_reason END`;

export const roleNow = (m: string) =>
  `CASE WHEN ${m}.role_until <= now() THEN 'member' ELSE ${m}.role END`;

/** Whether a row of group_members puts its member into the group. */
export const isInNow = (gm: string) => `(${gm}.until IS NULL OR ${gm}.until > now())`;

/**
 * Milliseconds until a member becomes less than they are; null where nothing ends. A span rather than a time: the
 * clocks of the hub's processes and PostgreSQL's need not agree.
 */
export const endsIn = (m: string) => `(extract(epoch FROM LEAST(
  CASE WHEN ${m}.until > now() THEN ${m}.until END,
  CASE WHEN ${m}.role_until > now() THEN ${m}.role_until END,
  (SELECT min(ends.until) FROM group_members ends WHERE ends.community_id = ${m}.community_id
     AND ends.subject = ${m}.subject AND ends.until > now())) - now()) * 1000)::float8`;
