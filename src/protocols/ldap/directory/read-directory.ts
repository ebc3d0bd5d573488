import { VERIFIED } from '../../../domain/address-standing.ts';
import { endsIn, isActive, isInNow, roleNow } from '../../../domain/membership-standing.ts';
import type { Queryable } from '../../../platform/database/database.ts';

/** What a directory is made of besides people; undefined when the community is gone. */
export type StructureRow = {
  slug: string;
  name: string;
  base: string;
  createdAt: number;
  updatedAt: number;
  passwordBind: boolean;
  secondFactor: 'optional' | 'admins' | 'all';
  secondFactorFrom: Date | null;
  openToOperators: boolean;
  primaryGroupId: string | null;
  home: string | null;
  shell: string | null;
  groups: GroupRow[];
  services: ServiceRow[];
};

export type GroupRow = {
  id: string;
  name: string;
  description: string | null;
  createdAt: number;
  updatedAt: number;
  gidNumber: number | null;
  parents: string[];
};

export type ServiceRow = {
  id: string;
  slug: string;
  name: string;
  description: string | null;
  createdAt: number;
  updatedAt: number;
  access: 'everyone' | 'groups' | 'approval';
  accessGroupIds: string[];
  readerHash: string | null;
};

export type PersonRow = {
  subject: string;
  username: string;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  mail: string | null;
  locale: string | null;
  createdAt: number;
  updatedAt: number;
  passwordChangedAt: number;
  isAdmin: boolean;
  secondFactor: boolean;
  uidNumber: number | null;
  groupIds: string[];
  /** Service ids and states, in turn; null without accounts. */
  accounts: string[] | null;
  appPasswordIds: string[] | null;
  /** Milliseconds until they are less than this; null where nothing ends. */
  endsIn: number | null;
};

const SECONDS = (column: string) => `floor(extract(epoch FROM ${column}))::float8`;
const FACTS = (row: string) =>
  `'createdAt', ${SECONDS(`${row}.created_at`)}, 'updatedAt', ${SECONDS(`${row}.updated_at`)}`;

export async function readStructure(
  db: Queryable,
  communityId: string,
): Promise<StructureRow | undefined> {
  const [row] = await db.query<StructureRow>(
    `SELECT c.slug, c.name, c.ldap_base AS base, ${SECONDS('c.created_at')} AS "createdAt",
       ${SECONDS('c.updated_at')} AS "updatedAt", c.ldap_password_bind AS "passwordBind",
       c.second_factor AS "secondFactor", c.second_factor_from AS "secondFactorFrom",
       c.ldap_open_to_operators AS "openToOperators", c.posix_primary_group_id AS "primaryGroupId",
       c.posix_home AS home, c.posix_shell AS shell,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name,
           'description', g.description, 'gidNumber', g.gid_number, ${FACTS('g')},
           'parents', COALESCE((SELECT jsonb_agg(n.parent_id) FROM group_nestings n
             WHERE n.community_id = g.community_id AND n.child_id = g.id), '[]')) ORDER BY g.id)
         FROM groups g WHERE g.community_id = c.id), '[]') AS groups,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', s.id, 'slug', s.slug, 'name', s.name,
           'description', s.description, 'access', s.access, ${FACTS('s')}, 'readerHash', r.password_hash,
           'accessGroupIds', COALESCE((SELECT jsonb_agg(a.group_id) FROM service_access_groups a
             WHERE a.community_id = s.community_id AND a.service_id = s.id), '[]')) ORDER BY s.id)
         FROM services s LEFT JOIN service_readers r
           ON r.community_id = s.community_id AND r.service_id = s.id
         WHERE s.community_id = c.id), '[]') AS services
     FROM communities c WHERE c.id = $1`,
    [communityId],
    'ldap-structure',
  );
  return row;
}

const PERSON = `m.subject, m.username, m.display_name AS "displayName",
  m.given_name AS "givenName", m.family_name AS "familyName", m.locale,
  e.address AS mail,
  ${SECONDS('m.created_at')} AS "createdAt", ${SECONDS('m.updated_at')} AS "updatedAt",
  COALESCE(extract(epoch FROM p.password_changed_at)::float8, 0) AS "passwordChangedAt",
  ${roleNow('m')} <> 'member' AS "isAdmin", has_second_factor(m.person_id) AS "secondFactor",
  m.uid_number AS "uidNumber",
  ARRAY(SELECT gm.group_id::text FROM group_members gm
    WHERE gm.community_id = m.community_id AND gm.subject = m.subject AND ${isInNow('gm')}) AS "groupIds",
  (SELECT array_agg(f) FROM accounts a, unnest(ARRAY[a.service_id::text, a.state]) AS f
    WHERE a.community_id = m.community_id AND a.subject = m.subject) AS accounts,
  (SELECT array_agg(w.id::text) FROM app_passwords w
    WHERE w.community_id = m.community_id AND w.subject = m.subject) AS "appPasswordIds",
  ${endsIn('m')} AS "endsIn"`;

const FROM = `FROM memberships m JOIN persons p ON p.id = m.person_id
  LEFT JOIN person_emails e
    ON e.person_id = m.person_id AND e.address = m.email AND ${VERIFIED}`;

/** Small enough for its rows to be garbage that is cheap to collect. */
const PAGE = 500;

/** Everybody who is active, a page at a time, by subject; the next is asked for while one is taken in. */
export async function* readPeople(db: Queryable, communityId: string): AsyncGenerator<PersonRow[]> {
  const pageAfter = (subject: string) =>
    db.query<PersonRow>(
      `SELECT ${PERSON} ${FROM}
       WHERE m.community_id = $1 AND m.subject > $2 AND ${isActive('m')}
       ORDER BY m.subject LIMIT ${PAGE}`,
      [communityId, subject],
      'ldap-people',
    );
  let rows = await pageAfter('00000000-0000-0000-0000-000000000000');
  while (rows.length > 0) {
    const last = rows.at(-1) as PersonRow;
    const following = rows.length < PAGE ? undefined : pageAfter(last.subject);
    // Whoever takes the rows in may fail first; this failure is then nobody's.
    following?.catch(() => {});
    // The question leaves before the taking in begins; and others get their turn.
    await new Promise(setImmediate);
    yield rows;
    rows = (await following) ?? [];
  }
}

/** Those of the subjects who are active. */
export function readSomePeople(
  db: Queryable,
  communityId: string,
  subjects: readonly string[],
): Promise<PersonRow[]> {
  return db.query<PersonRow>(
    `SELECT ${PERSON} ${FROM}
     WHERE m.community_id = $1 AND m.subject = ANY($2::uuid[]) AND ${isActive('m')}
     ORDER BY m.subject`,
    [communityId, subjects],
    'ldap-some-people',
  );
}
