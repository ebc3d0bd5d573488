import { setTimeout } from 'node:timers/promises';
import { communityAddress } from '../../../domain/communities/community-address.ts';
import { lockMembership } from '../../../domain/memberships/membership-store.ts';
import { setPassword } from '../../../domain/memberships/set-password.ts';
import {
  generatePassword,
  type NewPasswordFault,
  newPasswordFault,
} from '../../../domain/people/password-rule.ts';
import type { PasswordWork } from '../../../domain/people/passwords.ts';
import { provePassword } from '../../../domain/people/prove-password.ts';
import { dnKey, parseDn } from '../../../platform/distinguished-names/dn.ts';
import { foldCase } from '../../../platform/distinguished-names/prepare.ts';
import { isWhole } from '../../../platform/text/whole-text.ts';
import { type Directory, findPerson, type Person } from '../directory/directory.ts';
import { entryDn } from '../entries/entry-types.ts';
import type { Connection } from '../handler.ts';
import { decodePasswordModify, type PasswordModify } from '../protocol/password-modify-value.ts';
import { LdapError, ProtocolError, RESULT } from '../protocol/result.ts';
import { attemptOf, recordRefusal } from './bind-attempt.ts';
import type { BindParts } from './check-bind.ts';
import { activeDirectory } from './directory-for.ts';
import { identityHolds, openSession, type Session } from './session.ts';
import { appOf } from './through-app.ts';

/** How long the answer waits for this process to know of the change, in milliseconds. */
const SETTLE_MS = 1_000;

/**
 * Password modify (RFC 3062): by the person themselves, the old password proven again under the throttles
 * of sign-in, the new one held to the web's rule, sessions ended as there (row 29). The connection is
 * anonymous afterwards.
 * @returns the password that was generated, when none was given
 * @throws LdapError
 */
export async function modifyPassword(
  value: Buffer | undefined,
  connection: Connection<Session>,
  parts: BindParts,
): Promise<string | undefined> {
  if (!connection.isConfidential()) {
    throw new LdapError(
      RESULT.confidentialityRequired,
      'use StartTLS or LDAPS to change a password',
    );
  }
  const request = read(value);
  const { directory, person } = await requireOwner(request, connection.state, parts);
  if (person.secondFactor) {
    throw new LdapError(
      RESULT.unwillingToPerform,
      'this account has a second factor: change the password on the account pages',
    );
  }
  const given = readNewPassword(request);
  const password = given ?? generatePassword();
  const { communityId } = directory;
  const work = parts.passwords.enter({ communityId, member: person.subject });
  try {
    if (given !== undefined) await requireGood(work, given, directory, person);
    const proven = await proveOldPassword(work, request, directory, person, connection, parts);
    const hash = await work.hash(password);
    await store(parts, communityId, person.subject, { proven, hash });
  } finally {
    work.leave();
  }
  connection.state = openSession();
  // Whoever is told that it is done may count on the old one being refused here from now on.
  // The change is stored in any case: what comes now must not make it look undone.
  await Promise.race([parts.settle().catch(() => {}), setTimeout(SETTLE_MS)]);
  return given === undefined ? password : undefined;
}

/** @throws LdapError when its bytes are no UTF-8: what was meant could never be typed elsewhere */
function readNewPassword({ newPassword }: PasswordModify): string | undefined {
  const text = newPassword?.toString('utf8');
  if (text === undefined || isWhole(text)) return text;
  throw new LdapError(RESULT.constraintViolation, 'the new password is not text in UTF-8');
}

const FAULTS: Record<NewPasswordFault, string> = {
  missing: 'the new password is empty',
  'too-short': 'the new password is too short: 15 characters at least',
  'too-short-with-factor': 'the new password is too short: 8 characters at least',
  'too-long': 'the new password is too long',
  names: 'the new password is made of names: choose unrelated words',
  guessable: 'the new password would be guessed soon: choose unrelated words',
};

/** The web's rule. Whoever has a second factor is not bound by their own password here. */
async function requireGood(
  work: PasswordWork,
  password: string,
  directory: Directory,
  { username, displayName, givenName, familyName, mail }: Person,
): Promise<void> {
  const words = [username, displayName, givenName, familyName, mail, directory.slug];
  const fault = await newPasswordFault(work, password, { words });
  if (fault !== undefined) throw new LdapError(RESULT.constraintViolation, FAULTS[fault]);
}

function read(value: Buffer | undefined): PasswordModify {
  try {
    return decodePasswordModify(value);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new LdapError(RESULT.protocolError, `password modify: ${error.message}`);
  }
}

/** Whoever is bound, if that is a person and they mean their own password. */
async function requireOwner({ user }: PasswordModify, { identity }: Session, { tree }: BindParts) {
  if (identity.kind !== 'person') {
    throw new LdapError(
      RESULT.insufficientAccessRights,
      'people change their own password: bind as the person first',
    );
  }
  const directory = await activeDirectory(identity.communityId, tree);
  const person = findPerson(directory, identity.subject);
  if (person === undefined || !identityHolds(identity, directory, tree)) {
    throw new LdapError(RESULT.insufficientAccessRights, 'this bind no longer holds: bind again');
  }
  if (user !== undefined && user !== '' && !means(user, directory, person)) {
    throw new LdapError(
      RESULT.insufficientAccessRights,
      'nobody changes the password of somebody else',
    );
  }
  return { directory, person };
}

/** A DN, with or without `dn:`, or `u:` and the username (RFC 4513 §5.2.1.8). */
function means(user: string, directory: Directory, person: Person): boolean {
  if (/^u:/i.test(user)) return foldCase(user.slice(2)) === foldCase(person.username);
  const named = parseDn(user.replace(/^dn:/i, ''));
  const own = parseDn(entryDn(person, directory));
  return named !== undefined && own !== undefined && dnKey(named) === dnKey(own);
}

async function proveOldPassword(
  work: PasswordWork,
  { oldPassword }: PasswordModify,
  directory: Directory,
  person: Person,
  connection: Connection<Session>,
  { database, throttle, memory: { readerOf } }: BindParts,
): Promise<string> {
  if (oldPassword === undefined) {
    throw new LdapError(RESULT.unwillingToPerform, 'give the old password, too');
  }
  const principal = { kind: 'person', directory, person, through: undefined } as const;
  const app = await appOf(connection, directory.communityId, { readerOf, throttle });
  const attempt = await attemptOf(database, '', principal, { ip: connection.ip, app });
  const allowance = await throttle.attempt(attempt);
  if (!allowance.allowed) {
    throw new LdapError(RESULT.unwillingToPerform, 'too many wrong passwords: try again later');
  }
  const [row] = await database.query<{ personId: string; passwordHash: string | null }>(
    `SELECT p.id AS "personId", p.password_hash AS "passwordHash"
     FROM memberships m JOIN persons p ON p.id = m.person_id WHERE m.community_id = $1 AND m.subject = $2`,
    [directory.communityId, person.subject],
  );
  const proven = await provePassword(database, work, row, oldPassword.toString('utf8'));
  if (proven === undefined) {
    await recordRefusal(database, 'sign-in.failed', principal);
    throw wrongOldPassword();
  }
  await throttle.succeeded(attempt);
  return proven;
}

function wrongOldPassword(): LdapError {
  return new LdapError(RESULT.unwillingToPerform, 'the old password is wrong');
}

/** @param proven the hash that the old password was proven against: a reset in between wins */
async function store(
  { database, hubUrl }: BindParts,
  communityId: string,
  subject: string,
  { proven, hash }: { proven: string; hash: string },
): Promise<void> {
  await database.transaction(async (tx) => {
    await lockMembership(tx, communityId, subject);
    const [row] = await tx.query<{ hash: string | null }>(
      `SELECT p.password_hash AS hash FROM memberships m JOIN persons p ON p.id = m.person_id
       WHERE m.community_id = $1 AND m.subject = $2 FOR UPDATE OF p`,
      [communityId, subject],
    );
    if (row?.hash !== proven) throw wrongOldPassword();
    const issuerUrl = await communityAddress(tx, hubUrl, communityId);
    await setPassword(tx, communityId, subject, hash, `member:${subject}`, { issuerUrl });
  });
}
