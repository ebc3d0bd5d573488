import { doneStepOf, type Step } from '../../domain/done-steps/done-step.ts';
import { newDeviceMessage } from '../../domain/notices/new-device.ts';
import { acrOf, type Credential } from '../../domain/sessions/authentication.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { openBrowserSession } from '../routing/browser-session.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { doneBefore, leadOn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { finish } from './finish-interaction.ts';
import { knownDevice, rememberDevice } from './known-device.ts';
import { arrivedStep, openPendingSignIn, type PendingSignIn } from './pending-sign-in.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';

/** A sign-in that is proven. */
export type ProvenSignIn = {
  /** RFC 8176: what really happened, such as `pwd`, `otp`, `mfa`. */
  amr: readonly string[];
  /** The sign-in counts if this still stands when it is stored. */
  credential: Credential;
  /** The sign-in on its way that this ends: of two answers at once, one counts. */
  pending?: PendingSignIn;
  /** The form that it was proven by: sent again, it leads into the same session. */
  step?: Step | undefined;
  /** The same of a form that proves it once: sent again, it leads wherever this leads, and opens nothing. */
  once?: Step | undefined;
  /** The one-time code that brought it here. */
  code?: string;
};

/**
 * Ends a sign-in that is proven: whoever asked for their account to be deleted says first whether it
 * stays (page `decision`); everybody else is let in.
 */
export async function completeSignIn(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: CommunityRequest,
  proven: ProvenSignIn,
  target: SignInTarget,
): Promise<void> {
  const { amr, credential, once } = proven;
  const { subject } = credential;
  const member = await request.unit.member(subject);
  if (member?.statusReason !== 'deletion') return admit(parts, request, proven, target);
  const pending = { credential, waitsFor: 'decision' as const, provenAmr: amr };
  const pendingToken = await openPendingSignIn(parts.database, request, pending, target);
  const path = `${signInPath(target)}/decision`;
  if (once !== undefined) {
    const answer = { subject, ledTo: request.issuer.basePath + path, pendingToken };
    request.unit.noteDoneStep(doneStepOf(parts.sealer, once, answer));
  }
  request.redirect(path);
}

/**
 * Opens the browser's session, or hands the answer to the app's request, and leads on. All of it is
 * stored with the request: nobody is signed in by half.
 */
export async function admit(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: CommunityRequest,
  proven: ProvenSignIn,
  target: SignInTarget,
): Promise<void> {
  const { amr, credential, pending, code } = proven;
  const { subject } = credential;
  const { interaction } = target;
  const step = pending === undefined ? (proven.once ?? proven.step) : arrivedStep(request);
  const before = interaction === undefined ? await doneBefore(parts, step) : undefined;
  if (before !== undefined && (await leadOn(request, before))) return;
  const service =
    interaction && serviceOfClient(request.community, String(interaction.params.client_id));
  request.unit.requireCredential(credential);
  if (pending !== undefined) request.unit.endPendingSignIn(pending.tokenHash);
  request.unit.record({
    type: 'member.signed-in',
    actor: `member:${subject}`,
    subject,
    serviceId: service?.id,
    details: { amr },
  });
  const { ctx, community, issuer, ip } = request;
  if ((await knownDevice(parts, ctx, community.id, subject)) === undefined) {
    const userAgent = ctx.get('user-agent');
    const about = { communityId: community.id, issuerUrl: issuer.url, subject, userAgent, ip };
    request.unit.send(newDeviceMessage(about));
  }
  rememberDevice(parts, request, subject);
  // When it was proven, and not when the browser brings the answer to the app's request.
  const ts = Math.floor(Date.now() / 1000);
  const login = { accountId: subject, amr: [...amr], acr: acrOf(amr), ts };
  if (interaction !== undefined) {
    await finish(parts, request, interaction, { login }, code);
    return;
  }
  const sessionId = await openBrowserSession(request, login);
  const ledTo = request.issuer.basePath + (target.returnPath ?? '/');
  if (step !== undefined) {
    const done = doneStepOf(parts.sealer, step, { subject, ledTo, sessionId, code });
    request.unit.noteDoneStep(done, before?.doneAt);
  }
  request.redirect(target.returnPath ?? '/');
}
