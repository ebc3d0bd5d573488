import type { Community } from '../communities/community.ts';
import { passwordFault } from '../people/password-rule.ts';
import type { Newcomer } from './newcomer-form.ts';
import type { FieldFault } from './pages.ts';

/** What is wrong with the password that a newcomer chose, as the fault of its field; empty when it is fine. */
export async function passwordFaultOf(
  { password }: Newcomer,
  _community: Pick<Community, 'name' | 'slug'>,
  _email: string,
): Promise<FieldFault[]> {
  const code = password === '' ? 'missing' : passwordFault(password);
  return code === undefined ? [] : [{ field: 'password', kind: 'password', code }];
}
