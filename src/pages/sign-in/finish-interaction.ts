import type Provider from 'oidc-provider';
import type { CommunityRequest } from '../routing/community-request.ts';

/** Hands the answer to the provider, which goes on where the app's request stopped. */
export async function finish(
  request: CommunityRequest,
  result: Parameters<Provider['interactionResult']>[2],
): Promise<void> {
  const { provider } = await request.ready();
  const { req, res } = request.ctx;
  const returnTo = await provider.interactionResult(req, res, result, {
    mergeWithLastSubmission: 'consent' in result,
  });
  request.ctx.status = 303;
  request.ctx.redirect(returnTo);
}
