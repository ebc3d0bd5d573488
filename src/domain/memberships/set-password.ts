import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import type { NewPassword } from './member-change.ts';
import { saveMembers } from './save-members.ts';

type PasswordOptions = Omit<NewPassword, 'hash'> & {
  /** The address of the community whose message tells the member; none is sent without it. */
  issuerUrl?: string;
};

/**
 * Gives the person behind a member a new password, and ends every session that the old one opened: in
 * each community that they are in, and as an operator; unless they said that the others go on. Whoever asked for their account to be deleted
 * keeps that: it takes a sign-in to say otherwise.
 * @param hash from `hashPassword`, made before the transaction began
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `short-password` for a short one when the second factor went meanwhile
 */
export async function setPassword(
  tx: Transaction,
  communityId: string,
  subject: string,
  hash: string,
  actor: Actor,
  { issuerUrl, ...options }: PasswordOptions = {},
): Promise<void> {
  const place = { id: communityId, issuerUrl };
  await saveMembers(tx, place, [{ subject, password: { hash, ...options } }], actor);
}

/** @returns the fault for the page when a new password turns out to be short for somebody without a second factor */
export async function orTooShort<Result>(work: Promise<Result>): Promise<Result | 'too-short'> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'short-password') return 'too-short';
    throw error;
  }
}
