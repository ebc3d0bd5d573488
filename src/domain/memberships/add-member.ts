import { sqlState, type Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { isEmailAddress, nameKey } from '../../platform/text/names.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { addToGroup } from '../groups/change-group-members.ts';
import { lockGroupsAround } from '../groups/touch-entries.ts';
import { givePosixNumbers } from './give-posix-numbers.ts';
import type { Role, Status } from './membership-store.ts';
import { requireFreeUsername, requireUsername } from './require-username.ts';

export type NewMember = {
  /** A person who is known, and who said so themselves; without one, the member gets a person of their own. */
  personId?: string;
  username: string;
  displayName: string;
  givenName?: string;
  familyName?: string;
  nickname?: string;
  email?: string;
  /** Whether somebody vouches for the address; false when it must be proved first. */
  emailVerified?: boolean;
  locale?: 'fr' | 'en';
  zoneinfo?: string;
  /** From `hashPassword`, made before the transaction began. */
  passwordHash?: string;
  role?: Role;
  status?: Extract<Status, 'active' | 'requested'>;
  groupIds?: readonly string[];
};

/**
 * Makes a member, with a person of their own unless one is given: an e-mail address never links to a person
 * who is known. The address of a person who is given must be one of theirs.
 * @returns the subject
 * @throws RefusedError when the username or the address is malformed, reserved or taken, or
 *   `posix-exhausted`
 * @throws NotFoundError when the community or a group is not there
 */
export async function addMember(
  tx: Transaction,
  communityId: string,
  member: NewMember,
  actor: Actor,
): Promise<string> {
  requireUsername(member.username);
  if (member.email !== undefined && !isEmailAddress(member.email)) {
    throw new RefusedError('email-shape', `"${member.email}" is not an e-mail address`);
  }
  await lockGroupsAround(tx, communityId, member.groupIds ?? []);
  await requireFreeUsername(tx, communityId, member.username);
  await requireFreeEmail(tx, communityId, member.email);
  const personId = member.personId ?? (await insertPerson(tx, member));
  const subject = await insertMembership(tx, communityId, personId, member);
  const { username, role = 'member', status = 'active' } = member;
  const details = { username, role, status };
  await recordEvents(tx, [{ communityId, type: 'member.created', actor, subject, details }]);
  for (const groupId of member.groupIds ?? []) {
    await addToGroup(tx, communityId, { groupId, subject }, actor);
  }
  await givePosixNumbers(tx, communityId);
  return subject;
}

async function requireFreeEmail(tx: Transaction, communityId: string, email: string | undefined) {
  if (email === undefined) return;
  const [taken] = await tx.query(
    'SELECT 1 FROM memberships WHERE community_id = $1 AND email_key = $2',
    [communityId, nameKey(email)],
  );
  if (taken !== undefined) {
    throw new RefusedError('email-taken', `another member has the address "${email}"`);
  }
}

async function insertPerson(tx: Transaction, member: NewMember): Promise<string> {
  const [person] = await tx.query<{ id: string }>(
    `INSERT INTO persons (password_hash, password_changed_at, locale)
     VALUES ($1::text, CASE WHEN $1::text IS NOT NULL THEN now() END, $2) RETURNING id`,
    [member.passwordHash ?? null, member.locale ?? null],
  );
  if (person === undefined) throw new Error('the person was not stored');
  if (member.email !== undefined) {
    await tx.query(
      `INSERT INTO person_emails (person_id, address, verified_at)
       VALUES ($1, $2, CASE WHEN $3 THEN now() END)`,
      [person.id, member.email, member.emailVerified ?? false],
    );
  }
  return person.id;
}

async function insertMembership(
  tx: Transaction,
  communityId: string,
  personId: string,
  member: NewMember,
): Promise<string> {
  const { username, email } = member;
  try {
    const [row] = await tx.query<{ subject: string }>(
      `INSERT INTO memberships (community_id, person_id, username, username_key, display_name,
         given_name, family_name, nickname, email, email_key, locale, zoneinfo, role, status)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING subject`,
      [
        communityId,
        personId,
        username,
        nameKey(username),
        member.displayName,
        member.givenName ?? null,
        member.familyName ?? null,
        member.nickname ?? null,
        email ?? null,
        email === undefined ? null : nameKey(email),
        member.locale ?? null,
        member.zoneinfo ?? null,
        member.role ?? 'member',
        member.status ?? 'active',
      ],
    );
    return row?.subject as string;
  } catch (error) {
    // Somebody else took the name or the address in the same instant, or the community is gone.
    if (sqlState(error) === '23505') {
      throw new RefusedError('username-taken', 'the username or the address is taken');
    }
    if (sqlState(error) === '23503') throw new NotFoundError('community');
    throw error;
  }
}
