import type { Newcomer } from '../../pages/registration/newcomer-form.ts';
import type { FieldFault } from '../../pages/registration/pages.ts';
import type { Community } from '../communities/community.ts';
import { shortened } from '../memberships/display-name.ts';
import { newPasswordFault } from '../people/password-rule.ts';

/** What is wrong with the password that a newcomer chose, as the fault of its field; empty when it is fine. */
export async function passwordFaultOf(
  newcomer: Newcomer,
  community: Pick<Community, 'name' | 'slug'>,
  email: string,
): Promise<FieldFault[]> {
  const { password, username, displayName, givenName, familyName } = newcomer;
  const code = await newPasswordFault(password, {
    words: [username, displayName, givenName, familyName, email]
      .map((typed) => shortened(typed, 100))
      .concat(community.name, community.slug),
  });
  return code === undefined ? [] : [{ field: 'password', kind: 'password', code }];
}
