import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import { containing } from '../../platform/text/search-key.ts';
import { reasonNow, roleNow, statusNow } from '../membership-standing.ts';

export const ROLES = ['member', 'admin', 'owner'] as const;
export const STATUSES = ['requested', 'active', 'suspended', 'left'] as const;
export type Role = (typeof ROLES)[number];
export type Status = (typeof STATUSES)[number];

/** A row of memberships. */
export type Membership = {
  subject: string;
  personId: string;
  username: string;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  nickname: string | null;
  email: string | null;
  locale: string | null;
  zoneinfo: string | null;
  role: Role;
  status: Status;
  /** Why it is suspended, where no admin said so. */
  statusReason: 'deletion' | 'ended' | null;
  /** When the membership ends; null: it does not. */
  until: Date | null;
  roleUntil: Date | null;
  origin: string;
  createdAt: Date;
  updatedAt: Date;
};

const COLUMNS = `subject, person_id AS "personId", username, display_name AS "displayName",
  given_name AS "givenName", family_name AS "familyName", nickname, email, locale, zoneinfo,
  ${roleNow('memberships')} AS role, ${statusNow('memberships')} AS status,
  ${reasonNow('memberships')} AS "statusReason", until, role_until AS "roleUntil", origin, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** @param subject a UUID */
export async function findBySubject(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<Membership | undefined> {
  const [row] = await db.query<Membership>(
    `SELECT ${COLUMNS} FROM memberships WHERE community_id = $1 AND subject = $2`,
    [communityId, subject],
  );
  return row;
}

/** The same as `findBySubject`, locked until the transaction ends: changes of one member take turns. */
export async function lockMembership(
  tx: Transaction,
  communityId: string,
  subject: string,
): Promise<Membership | undefined> {
  const [row] = await tx.query<Membership>(
    `SELECT ${COLUMNS} FROM memberships WHERE community_id = $1 AND subject = $2 FOR NO KEY UPDATE`,
    [communityId, subject],
  );
  return row;
}

/**
 * The member whom a typed username or e-mail address names. (Sign-in reads the same with the
 * password's hash: `findCredential` in domain/sessions/credential-store.ts.)
 */
export async function findByLogin(
  db: Queryable,
  communityId: string,
  login: string,
): Promise<Membership | undefined> {
  return (await findByLogins(db, communityId, [login])).get(login);
}

/** The same of several at once, by what was typed; whom nothing names is not among them. */
export async function findByLogins(
  db: Queryable,
  communityId: string,
  logins: readonly string[],
): Promise<Map<string, Membership>> {
  const keys = new Map(logins.map((login) => [login, nameKey(login.trim())]));
  // A username holds no "@", so that nobody's name can be another's address.
  const rows = await db.query<Membership & { usernameKey: string; emailKey: string | null }>(
    `SELECT ${COLUMNS}, username_key AS "usernameKey", email_key AS "emailKey" FROM memberships
     WHERE community_id = $1 AND (username_key = ANY($2::text[]) OR email_key = ANY($2::text[]))`,
    [communityId, [...keys.values()]],
  );
  const byKey = new Map<string | null, Membership>();
  for (const { usernameKey, emailKey, ...row } of rows)
    byKey.set(usernameKey, row).set(emailKey, row);
  const found = new Map<string, Membership>();
  for (const [login, key] of keys) {
    const row = byKey.get(key);
    if (row !== undefined) found.set(login, row);
  }
  return found;
}

export type MemberFilter = {
  /** Part of a username, a name or an address, without case. */
  search?: string | undefined;
  status?: Status | undefined;
};

export type MemberPage = {
  members: Membership[];
  /** What to give as `after` for the next page; undefined on the last. */
  next: string | undefined;
};

/** Members by username, a page at a time: `after` is the `next` of the page before. */
export async function listMembers(
  db: Queryable,
  communityId: string,
  { limit = 100, after, ...filter }: MemberFilter & { limit?: number; after?: string } = {},
): Promise<MemberPage> {
  const rows = await db.query<Membership>(
    `SELECT ${COLUMNS} FROM memberships
     WHERE community_id = $1 AND ($5::text IS NULL OR username_key > $5) AND ${FILTER}
     ORDER BY username_key LIMIT $6`,
    [...filterParameters(communityId, filter), after ?? null, limit + 1],
  );
  const members = rows.slice(0, limit);
  const last = members.at(-1);
  return { members, next: rows.length > limit && last ? nameKey(last.username) : undefined };
}

export async function countMembers(
  db: Queryable,
  communityId: string,
  filter: MemberFilter = {},
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM memberships WHERE community_id = $1 AND ${FILTER}`,
    filterParameters(communityId, filter),
  );
  return row?.count ?? 0;
}

// $2: the pattern for folded columns, $3: for the name as it was typed, $4: the status.
const FILTER = `($4::text IS NULL OR status = $4) AND ($2::text IS NULL
  OR username_key LIKE $2 OR email_key LIKE $2 OR display_name ILIKE $3)`;

function filterParameters(communityId: string, { search, status }: MemberFilter) {
  const wanted = search?.trim();
  return [
    communityId,
    wanted ? containing(nameKey(wanted)) : null,
    wanted ? containing(wanted) : null,
    status ?? null,
  ];
}

/** Display names of members, by subject. */
export async function namesOf(
  db: Queryable,
  communityId: string,
  subjects: readonly string[],
): Promise<Map<string, string>> {
  if (subjects.length === 0) return new Map();
  const rows = await db.query<{ subject: string; name: string }>(
    `SELECT subject, display_name AS name FROM memberships
     WHERE community_id = $1 AND subject = ANY($2::uuid[])`,
    [communityId, subjects],
  );
  return new Map(rows.map(({ subject, name }) => [subject, name]));
}
