import type { Queryable, Transaction } from '../../platform/database/database.ts';
import type { Community } from './community.ts';
import type { CommunitySettings } from './community-settings.ts';
import type { Logo } from './logo.ts';

/** A community with its settings, as changes compare them. */
export type CommunityRow = CommunitySettings & {
  id: string;
  slug: string;
  state: Community['state'];
  /** SHA-256, hexadecimal. */
  logo: string | null;
  /** Null where POSIX accounts are off. */
  posix: PosixSettings | null;
};

export type PosixSettings = {
  firstNumber: number;
  count: number;
  /** The group's name. */
  primaryGroup: string;
  home: string;
  shell: string;
};

const ROW = `c.id, c.slug, c.name, c.locale, c.state, c.registration, c.accent, c.contact_email AS contact,
  c.description, c.town, c.welcome, c.links, c.listed,
  c.ldap_base AS "ldapBase", c.ldap_password_bind AS "ldapPasswordBind",
  c.ldap_open_to_operators AS "ldapOpenToOperators", CASE WHEN g.name IS NOT NULL THEN jsonb_build_object(
    'firstNumber', r.first_number, 'count', r.count, 'primaryGroup', g.name,
    'home', c.posix_home, 'shell', c.posix_shell) END AS posix,
  (SELECT encode(l.sha256, 'hex') FROM community_logos l WHERE l.community_id = c.id) AS logo,
  c.second_factor AS "secondFactor",
  to_char(c.second_factor_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "secondFactorFrom",
  c.recovery_delay_hours AS "recoveryDelayHours",
  COALESCE((SELECT jsonb_agg(jsonb_build_object('text', q.text, 'required', q.required) ORDER BY q.position, q.text)
    FROM registration_questions q WHERE q.community_id = c.id), '[]') AS questions,
  ARRAY(SELECT h.host FROM community_hosts h WHERE h.community_id = c.id ORDER BY h.position, h.host) AS hosts
  FROM communities c LEFT JOIN posix_ranges r ON r.community_id = c.id
    LEFT JOIN groups g ON g.community_id = c.id AND g.id = c.posix_primary_group_id`;

/** Every community of the hub, by slug. */
export function readCommunities(db: Queryable): Promise<CommunityRow[]> {
  return db.query<CommunityRow>(`SELECT ${ROW} ORDER BY c.slug`);
}

export async function readCommunity(
  db: Queryable,
  communityId: string,
): Promise<CommunityRow | undefined> {
  const [row] = await db.query<CommunityRow>(`SELECT ${ROW} WHERE c.id = $1`, [communityId]);
  return row;
}

/** The communities of these slugs, locked against other changes of their settings and services. */
export function lockCommunityRows(
  tx: Transaction,
  slugs: readonly string[],
): Promise<CommunityRow[]> {
  return tx.query<CommunityRow>(
    `SELECT ${ROW} WHERE c.slug = ANY($1) ORDER BY c.slug FOR NO KEY UPDATE OF c`,
    [slugs],
  );
}

/** Stores new communities, and changed settings of others; their state is set apart. */
export async function storeCommunities(
  tx: Transaction,
  rows: readonly CommunityRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO communities (id, slug, name, locale, registration, accent, contact_email, ldap_base,
       ldap_password_bind, ldap_open_to_operators, second_factor, second_factor_from, recovery_delay_hours,
       description, town, welcome, links, listed)
     SELECT id, slug, name, locale, registration, accent, contact, "ldapBase", "ldapPasswordBind",
       "ldapOpenToOperators", "secondFactor", "secondFactorFrom", "recoveryDelayHours", description, town, welcome, links, listed
     FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, slug text, name text, locale text,
       registration text, accent text, contact text, "ldapBase" text, "ldapPasswordBind" boolean,
       "ldapOpenToOperators" boolean, "secondFactor" text, "secondFactorFrom" timestamptz, "recoveryDelayHours" integer,
       description text, town text, welcome text, links jsonb, listed boolean)
     ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, locale = EXCLUDED.locale,
       registration = EXCLUDED.registration, accent = EXCLUDED.accent, contact_email = EXCLUDED.contact_email,
       ldap_base = EXCLUDED.ldap_base, ldap_password_bind = EXCLUDED.ldap_password_bind,
       ldap_open_to_operators = EXCLUDED.ldap_open_to_operators, second_factor = EXCLUDED.second_factor,
       second_factor_from = EXCLUDED.second_factor_from, recovery_delay_hours = EXCLUDED.recovery_delay_hours,
       description = EXCLUDED.description, town = EXCLUDED.town, welcome = EXCLUDED.welcome, links = EXCLUDED.links,
       listed = EXCLUDED.listed, updated_at = now()`,
    [JSON.stringify(rows)],
  );
}

export async function storeLogo(
  tx: Transaction,
  communityId: string,
  logo: Logo | null,
): Promise<void> {
  if (logo === null) {
    await tx.query('DELETE FROM community_logos WHERE community_id = $1', [communityId]);
    return;
  }
  await tx.query(
    `INSERT INTO community_logos (community_id, media_type, sha256, bytes) VALUES ($1, $2, decode($3, 'hex'), $4)
     ON CONFLICT (community_id) DO UPDATE
       SET media_type = EXCLUDED.media_type, sha256 = EXCLUDED.sha256, bytes = EXCLUDED.bytes`,
    [communityId, logo.mediaType, logo.sha256, logo.bytes],
  );
}

/** Questions that stay keep their ids. */
export async function storeQuestions(
  tx: Transaction,
  communityId: string,
  questions: CommunitySettings['questions'],
): Promise<void> {
  await tx.query(
    'DELETE FROM registration_questions WHERE community_id = $1 AND NOT (text = ANY($2::text[]))',
    [communityId, questions.map(({ text }) => text)],
  );
  await tx.query(
    `INSERT INTO registration_questions (community_id, position, text, required)
     SELECT $1, (q.position - 1)::int, q.value ->> 'text', (q.value ->> 'required')::boolean
     FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS q (value, position)
     ON CONFLICT (community_id, text) DO UPDATE
       SET position = EXCLUDED.position, required = EXCLUDED.required`,
    [communityId, JSON.stringify(questions)],
  );
}

/** A host may pass from one of these communities to another. */
export async function storeHosts(
  tx: Transaction,
  communities: readonly Pick<CommunityRow, 'id' | 'hosts'>[],
): Promise<void> {
  if (communities.length === 0) return;
  await tx.query('DELETE FROM community_hosts WHERE community_id = ANY($1::uuid[])', [
    communities.map(({ id }) => id),
  ]);
  const rows = communities.flatMap(({ id, hosts }) =>
    hosts.map((host, position) => ({ id, host, position })),
  );
  await tx.query(
    `INSERT INTO community_hosts (community_id, host, position)
     SELECT id, host, position FROM jsonb_to_recordset($1::jsonb) AS h (id uuid, host text, position integer)`,
    [JSON.stringify(rows)],
  );
}
