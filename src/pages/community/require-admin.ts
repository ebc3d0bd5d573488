import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { requireSignedIn, type SignedIn } from '../routing/signed-in.ts';

/**
 * The admin or owner who is signed in. Nobody at all is sent to sign in; so is, where `recent` asks for
 * it, an admin who did so a while ago.
 * @returns undefined when the answer is that redirect
 * @throws RequestError 403 for other members
 */
export async function requireAdmin(
  request: CommunityRequest,
  options: { recent?: boolean } = {},
): Promise<SignedIn | undefined> {
  const who = await requireSignedIn(request);
  if (who === undefined) return undefined;
  if (who.member.role === 'member') throw new RequestError(403, 'forbidden', 'not an admin');
  return options.recent === true ? requireSignedIn(request, { recent: true }) : who;
}
