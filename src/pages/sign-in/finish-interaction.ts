import type Provider from 'oidc-provider';
import { doneStepOf, type Step } from '../../domain/done-steps/done-step.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { stepIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/**
 * Hands the answer to the provider, which goes on where the app's request stopped.
 * @param code the one-time code that brought the answer
 */
export async function finish(
  { sealer }: Pick<WebParts, 'sealer'>,
  request: CommunityRequest,
  { uid, session }: Interaction,
  result: Parameters<Provider['interactionResult']>[2],
  code?: string,
): Promise<void> {
  const { provider } = await request.ready();
  const { req, res } = request.ctx;
  const returnTo = await provider.interactionResult(req, res, result, {
    mergeWithLastSubmission: 'consent' in result,
  });
  const step = answeredStep(request, uid);
  if (step !== undefined) {
    const subject = result.login?.accountId ?? session?.accountId;
    request.unit.noteDoneStep(doneStepOf(sealer, step, { subject, ledTo: returnTo, code }));
  }
  request.ctx.status = 303;
  request.ctx.redirect(returnTo);
}

/** That an app's request was answered, which is so once. */
export function answeredStep(request: CommunityRequest, uid: string): Step | undefined {
  return stepIn(request, `app-request ${uid}`);
}
