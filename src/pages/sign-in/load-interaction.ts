import type Provider from 'oidc-provider';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/**
 * The app's request that this browser is answering: named by the address and by the browser's signed
 * cookie, which must agree, and asking the question that the address stands for.
 * @throws RequestError 400 `expired` when there is none, or it is another's, answered, or past
 */
export async function loadInteraction(
  request: CommunityRequest,
  question: string,
  uid: string | undefined,
): Promise<Interaction> {
  const { provider } = await request.ready();
  let interaction: Interaction;
  try {
    interaction = await provider.interactionDetails(request.ctx.req, request.ctx.res);
  } catch (error) {
    if ((error as Error).name === 'SessionNotFound') throw expired((error as Error).message);
    throw error;
  }
  if (interaction.uid !== uid || interaction.prompt.name !== question)
    throw expired('another question');
  if (interaction.result !== undefined) throw expired('already answered');
  if (request.ctx.method === 'POST') request.unit.keepWaiting(interaction.uid);
  request.ctx.state.uiLocales = interaction.params.ui_locales;
  return interaction;
}

function expired(message: string): RequestError {
  return new RequestError(400, 'expired', message);
}
