import type { Step } from '../../domain/done-steps/done-step.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { openPendingSignIn } from './pending-sign-in.ts';
import { asksForTwoFactors, type SignInTarget, signInPath } from './sign-in-target.ts';

/**
 * What follows a right password: the second factor of whoever has one, setting one up for whoever must
 * have one (by their community's word or the app's), and for everybody else the sign-in is done.
 * @param step the form that was sent, where it is no app's request
 */
export async function proceedAfterPassword(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: CommunityRequest,
  credential: { subject: string; passwordHash: string },
  target: SignInTarget,
  step?: Step,
): Promise<void> {
  const member = await request.unit.member(credential.subject);
  const waitFor = async (waitsFor: 'factor' | 'set-up', page: string) => {
    await openPendingSignIn(parts.database, request, { credential, waitsFor }, target);
    request.redirect(`${signInPath(target)}/${page}`);
  };
  if (member?.secondFactor === true) return waitFor('factor', 'second-factor');
  const mustHave =
    member !== undefined &&
    (secondFactorRequirement(request.community, member).inForce || asksForTwoFactors(target));
  if (mustHave) return waitFor('set-up', 'set-up');
  return completeSignIn(parts, request, { amr: ['pwd'], credential, step }, target);
}
