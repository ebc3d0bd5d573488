import { z } from 'zod';
import type { Done, Step } from '../../domain/done-steps/done-step.ts';
import { closedStatus } from '../../domain/memberships/closed-membership.ts';
import { communityPlace } from '../../domain/passkeys/passkey-place.ts';
import type { MemberOwner } from '../../domain/passkeys/passkey-store.ts';
import { verifyAssertion } from '../../domain/passkeys/verify-assertion.ts';
import type { Allowance } from '../../platform/throttles/limiter.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { doneAmong, doneMeanwhile, leadOn, stepIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { countWrongPasskey } from './count-wrong-passkey.ts';
import { answeredStep } from './finish-interaction.ts';
import { relyingPartyNamed, sendRequestOptions } from './passkey-request-options.ts';
import { givePendingSignIn } from './pending-sign-in.ts';
import { loginPageFor } from './routes.ts';
import { showClosedMembership } from './show-closed-membership.ts';
import { type SignInTarget, safeReturnPath } from './sign-in-target.ts';
import { SIGN_INS, signingIn } from './who.ts';

/** Signing in with a passkey alone, from the first page. It counts as two factors. */
export const PASSKEY_SIGN_IN_ROUTES: CommunityRoute[] = SIGN_INS.flatMap(({ path, params }) => [
  route({
    method: 'POST',
    path: `${path}/passkey/options`,
    params,
    who: signingIn,
    form: z.object({ rp: z.string().optional() }),
    async handle({ parts, request, who: target, form }) {
      const { rpId } = relyingPartyNamed(parts, request, form.rp);
      const purpose = purposeOf(target);
      await sendRequestOptions(parts, request, rpId, { purpose, userVerification: 'required' });
    },
  }),
  route({
    method: 'POST',
    path: `${path}/passkey`,
    params,
    who: signingIn,
    form: z.object({ response: z.string().optional(), return_to: z.string().optional() }),
    async handle({ parts, request, who: target, form }) {
      if (target.interaction === undefined) target.returnPath = safeReturnPath(form.return_to);
      const place = communityPlace(parts.config, request);
      const outcome = await verifyAssertion(parts, place, form.response, {
        purpose: purposeOf(target),
        userVerification: true,
      });
      const { passkey } = outcome;
      const amr = outcome.verified ? outcome.amr : outcome.again;
      if (amr === undefined || passkey === undefined) {
        await refuse(parts, request, target, { passkey });
        return;
      }
      const status = closedStatus(passkey);
      if (status !== undefined) {
        const { subject } = passkey;
        const isAgain = !outcome.verified;
        const closed = { subject, status, using: 'passkey', isAgain } as const;
        await showClosedMembership(parts, request, closed, target);
        return;
      }
      const once = stepIn(request, `passkey ${purposeOf(target)} ${form.response}`);
      if (!outcome.verified) {
        await answerAgain(parts, request, target, { once, passkey });
        return;
      }
      parts.metrics.signIns.inc({ outcome: 'signed-in' });
      await completeSignIn(
        parts,
        request,
        {
          amr: [...amr, 'mfa'],
          credential: { subject: passkey.subject, passkeyId: passkey.id },
          once,
        },
        target,
      );
    },
  }),
]);

/** An answer counts for the app's request that it was asked for. */
const purposeOf = ({ interaction }: SignInTarget) => `sign-in:${interaction?.uid ?? ''}`;

/**
 * An answer that this browser has sent before opens nothing: it is led where it led, or refused. A second click is
 * no wrong answer; only what is counted as one waits for a note that is not there, so that few do.
 */
async function answerAgain(
  parts: WebParts,
  request: CommunityRequest,
  target: SignInTarget,
  { once, passkey }: { once: Step | undefined; passkey: MemberOwner },
): Promise<void> {
  const { interaction } = target;
  const steps = [once, interaction && answeredStep(request, interaction.uid)];
  const done = await doneAmong(parts, steps);
  if (done !== undefined && (await leadBack(request, target, done))) return;
  const counted = await countWrongPasskey(parts, request.community.id, request.ip);
  if (done === undefined && counted.allowed) {
    const doneNow = await doneMeanwhile(parts, request, steps);
    if (doneNow !== undefined && (await leadBack(request, target, doneNow)))
      return counted.takeBack();
  }
  await refuse(parts, request, target, { passkey, counted });
}

/** @returns whether that is the answer */
function leadBack(request: CommunityRequest, target: SignInTarget, done: Done): Promise<boolean> {
  const { pendingToken } = done;
  if (pendingToken !== undefined) givePendingSignIn(request, pendingToken, target);
  return leadOn(request, done);
}

/** The same for an unknown passkey and a wrong answer. */
async function refuse(
  parts: WebParts,
  request: CommunityRequest,
  target: SignInTarget,
  { passkey, counted }: { passkey: MemberOwner | undefined; counted?: Allowance },
): Promise<void> {
  const leaves = target.interaction !== undefined;
  const page = await loginPageFor(request, target);
  const allowed = counted ?? (await countWrongPasskey(parts, request.community.id, request.ip));
  if (!allowed.allowed) {
    parts.metrics.signIns.inc({ outcome: 'throttled' });
    request.ctx.set('Retry-After', String(allowed.retryAfterSeconds));
    if (allowed.first) request.unit.record({ type: 'sign-in.throttled', actor: 'anonymous' });
    const retryAfterMinutes = Math.ceil(allowed.retryAfterSeconds / 60);
    request.page({ ...page, fault: 'throttled', retryAfterMinutes }, { status: 429, leaves });
    return;
  }
  parts.metrics.signIns.inc({ outcome: 'credentials' });
  request.unit.record({
    type: 'sign-in.failed',
    actor: 'anonymous',
    subject: passkey?.subject,
    details: { using: 'passkey' },
  });
  request.page({ ...page, fault: 'passkey' }, { status: 400, leaves });
}
