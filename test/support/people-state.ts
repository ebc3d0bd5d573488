import type { Database } from '../../src/platform/database/database.ts';

/**
 * What a community's people and groups are, without what differs from hub to hub: ids and instants. A member
 * is known by the key of their username.
 */
export type PeopleState = {
  members: Member[];
  groups: Group[];
  operators: { email: string; hash: string | null }[];
  /** Members who have a session. */
  signedIn: string[];
  events: unknown[];
  outbox: unknown[];
};

type Member = {
  key: string;
  username: string;
  name: string;
  givenName: string | null;
  email: string | null;
  locale: string | null;
  zoneinfo: string | null;
  role: string;
  status: string;
  reason: string | null;
  number: number | null;
  hash: string | null;
  isShort: boolean;
  hasChanged: boolean;
  addresses: { address: string; verified: boolean; proven: boolean }[];
  groups: string[];
  until: string | null;
  roleUntil: string | null;
};
type Group = {
  name: string;
  description: string | null;
  number: number | null;
  inside: string[];
  joining: string;
  seats: number | null;
};

export async function readPeople(db: Database, slug: string): Promise<PeopleState> {
  const query = <Row>(sql: string) => db.query<Row>(sql, [slug]);
  const inIt = 'community_id = (SELECT id FROM communities WHERE slug = $1)';
  const members = await query<Member & { subject: string }>(
    `SELECT m.subject, m.username_key AS key, m.username, m.display_name AS name, m.given_name AS "givenName",
       m.email, m.locale, m.zoneinfo, m.role, m.status, m.status_reason AS reason,
       to_char(m.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') AS until,
       to_char(m.role_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') AS "roleUntil", m.uid_number AS number,
       p.password_hash AS hash, p.password_short AS "isShort", p.password_changed_at IS NOT NULL AS "hasChanged",
       COALESCE((SELECT jsonb_agg(jsonb_build_object('address', e.address, 'verified', e.verified_at IS NOT NULL,
         'proven', e.proven_at IS NOT NULL) ORDER BY e.address) FROM person_emails e
         WHERE e.person_id = p.id), '[]') AS addresses,
       ARRAY(SELECT g.name FROM group_members gm JOIN groups g ON g.community_id = gm.community_id AND g.id = gm.group_id
         WHERE gm.community_id = m.community_id AND gm.subject = m.subject ORDER BY g.name_key) AS groups
     FROM memberships m JOIN persons p ON p.id = m.person_id WHERE m.${inIt} ORDER BY m.username_key`,
  );
  const groups = await query<Group>(
    `SELECT g.name, g.description, g.joining, g.seats, g.gid_number AS number, ARRAY(SELECT c.name FROM group_nestings n
       JOIN groups c ON c.community_id = n.community_id AND c.id = n.child_id
       WHERE n.community_id = g.community_id AND n.parent_id = g.id ORDER BY c.name_key) AS inside
     FROM groups g WHERE g.${inIt} ORDER BY g.name_key`,
  );
  const operators = await db.query<{ email: string; hash: string | null }>(
    `SELECT o.email, p.password_hash AS hash FROM operators o JOIN persons p ON p.id = o.person_id ORDER BY 1`,
  );
  const signedIn = await query<{ subject: string }>(`SELECT subject FROM sessions WHERE ${inIt}`);
  const events = await query<{ actor: string; subject: string | null; type: string }>(
    `SELECT type, actor, subject, details FROM events WHERE ${inIt} OR community_id IS NULL ORDER BY id`,
  );
  const outbox = await query<{ kind: string }>(
    `SELECT kind, payload FROM outbox WHERE ${inIt} ORDER BY kind, payload ->> 'template', payload ->> 'to'`,
  );
  const keys = new Map(members.map(({ subject, key }) => [subject, key]));
  return {
    members: members.map(({ subject: _, ...member }) => member),
    groups,
    operators,
    signedIn: signedIn.map(({ subject }) => keys.get(subject) as string).sort(),
    events: events.map(({ actor, ...event }) => ({ by: byWhom(actor), ...named(event, keys) })),
    outbox: outbox.map((message) => named(message, keys)),
  };
}

function byWhom(actor: string): string {
  return actor === 'cli' || actor === 'apply' ? 'operator' : (actor.split(':')[0] as string);
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const INSTANT = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** Members by their keys; other ids, and instants, without what they are. */
function named(row: object, keys: ReadonlyMap<string, string>): object {
  const text = JSON.stringify(row).replace(UUID, (id) => keys.get(id) ?? 'an id');
  return JSON.parse(text.replace(INSTANT, 'an instant'));
}

/** The state as a declarative file that says all of it, as YAML's subset JSON. */
export function toFile(
  slug: string,
  { members, groups, operators }: Pick<PeopleState, 'members' | 'groups' | 'operators'>,
) {
  return {
    version: 1,
    operators: operators.map(({ email }): Record<string, unknown> => ({ email })),
    communities: [
      {
        slug,
        name: slug,
        groups: groups.map(
          ({ name, description, inside, joining, seats }): Record<string, unknown> => {
            return { name, description, groups: inside, joining, seats };
          },
        ),
        members: members.map(({ username, name, email, role, status, ...member }) => {
          const { givenName, locale, zoneinfo, until, roleUntil, groups: inside } = member;
          // Whoever has left keeps the address until somebody else is given it.
          const address = status === 'left' ? {} : { email };
          const values = {
            username,
            name,
            givenName,
            ...address,
            locale,
            zoneinfo,
            until,
            roleUntil,
          };
          return { ...values, role, status, groups: inside } as Record<string, unknown>;
        }),
      },
    ],
  };
}

export type PeopleFile = ReturnType<typeof toFile>;
