import type { Transaction } from '../../platform/database/database.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { type Refusal, RefusedError } from '../errors.ts';
import { addMember } from '../memberships/add-member.ts';
import { takeUsername, type UsernameFault } from '../memberships/choose-username.ts';
import type { Role } from '../memberships/membership-store.ts';
import { storeAnswers } from './answer-store.ts';
import type { Newcomer } from './newcomer.ts';

/** The username that somebody chose is not to be had: another took it in the meantime, perhaps. */
export class UsernameFaultError extends RefusedError {
  override readonly name = 'UsernameFaultError';
  readonly fault: UsernameFault;
  constructor(fault: UsernameFault) {
    super(REFUSAL_OF[fault], `the username is not to be had: ${fault}`);
    this.fault = fault;
  }
}

const REFUSAL_OF: Record<UsernameFault, Refusal> = {
  missing: 'username-shape',
  shape: 'username-shape',
  'mixed-scripts': 'username-shape',
  reserved: 'username-reserved',
  taken: 'username-taken',
  lookalike: 'username-taken',
};

/** What the community decides of a newcomer. */
export type Admission = {
  status: 'active' | 'requested';
  role?: Role;
  groupIds?: readonly string[];
  locale: Locale;
  /** Of a person who is new; one who is known brings their own. */
  passwordHash?: string;
  personId?: string;
  /** The address that the person opened a link of; none where it is still to be proven. */
  provenEmail?: string;
};

/**
 * Makes the member, with a person of their own and their answers.
 * @returns the subject
 * @throws UsernameFaultError
 * @throws RefusedError `email-taken`
 */
export async function addNewcomer(
  tx: Transaction,
  communityId: string,
  newcomer: Newcomer,
  admission: Admission,
): Promise<string> {
  const { username, displayName, givenName, familyName, answers } = newcomer;
  const { provenEmail, ...decided } = admission;
  const fault = await takeUsername(tx, communityId, username);
  if (fault !== undefined) throw new UsernameFaultError(fault);
  const member = {
    username,
    displayName,
    ...(givenName !== '' && { givenName }),
    ...(familyName !== '' && { familyName }),
    ...(provenEmail !== undefined && { email: provenEmail, emailVerified: true }),
    ...decided,
  };
  const subject = await addMember(tx, communityId, member, 'anonymous').catch(asUsernameFault);
  if (provenEmail !== undefined) {
    await tx.query(
      `UPDATE person_emails e SET proven_at = now() FROM memberships m
       WHERE m.community_id = $1 AND m.subject = $2 AND e.person_id = m.person_id AND e.address = $3`,
      [communityId, subject, provenEmail],
    );
  }
  await storeAnswers(tx, communityId, subject, answers);
  return subject;
}

function asUsernameFault(error: unknown): never {
  if (error instanceof RefusedError) {
    if (error.code === 'username-taken') throw new UsernameFaultError('taken');
    if (error.code === 'username-reserved') throw new UsernameFaultError('reserved');
    if (error.code === 'username-shape') throw new UsernameFaultError('shape');
  }
  throw error;
}
