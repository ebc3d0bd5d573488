import type { Done, Step } from '../../domain/done-steps/done-step.ts';
import { findBySubject } from '../../domain/memberships/membership-store.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { doneBefore, leadOn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { proceedAfterPassword } from './after-password.ts';
import { checkPasswordSignIn } from './check-password-sign-in.ts';
import type { SignInTarget } from './sign-in-target.ts';

/**
 * A form that set a password is sent again, by the browser that did it: with that password it is led where the
 * first answer led, into the account where that led there. Whoever holds the link alone, or types another
 * password, gets what a used link gets.
 * @returns whether that is the answer
 */
export async function leadByPassword(
  parts: WebParts,
  request: CommunityRequest,
  step: Step | undefined,
  password: string,
  target: () => Promise<SignInTarget> = async () => ({}),
): Promise<boolean> {
  const done = await doneBefore(parts, step);
  if (done === undefined || step === undefined) return false;
  const proven = await proves(parts, request, done, password);
  if (proven === undefined) return false;
  if (done.ledTo !== undefined) return leadOn(request, done);
  await proceedAfterPassword(parts, request, proven, await target(), signInAfter(step));
  return true;
}

/** The sign-in that follows a step, as a step of its own. */
export function signInAfter(step: Step | undefined): Step | undefined {
  return step && { ...step, name: `${step.name} sign-in` };
}

async function proves(
  parts: WebParts,
  request: CommunityRequest,
  { subject }: Done,
  password: string,
) {
  const communityId = request.community.id;
  const member = subject && (await findBySubject(parts.database, communityId, subject));
  if (!member) return undefined;
  const outcome = await checkPasswordSignIn(parts, request.ctx, request.passwords(), {
    communityId,
    login: member.username,
    password,
    ip: request.ip,
  });
  return outcome.signedIn && outcome.subject === subject ? outcome : undefined;
}
