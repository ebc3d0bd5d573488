import type { Community } from '../communities/community.ts';
import { shortened } from '../memberships/display-name.ts';
import { newPasswordFault } from '../people/password-rule.ts';
import type { PasswordWork } from '../people/passwords.ts';
import type { Newcomer } from './newcomer.ts';

/** What is wrong with the password that a newcomer chose; undefined when it is fine. */
export function newcomerPasswordFault(
  weighed: Pick<PasswordWork, 'strength'>,
  newcomer: Newcomer,
  community: Pick<Community, 'name' | 'slug'>,
  email: string,
): ReturnType<typeof newPasswordFault> {
  const { password, username, displayName, givenName, familyName } = newcomer;
  return newPasswordFault(weighed, password, {
    words: [username, displayName, givenName, familyName, email]
      .map((typed) => shortened(typed, 100))
      .concat(community.name, community.slug),
  });
}
