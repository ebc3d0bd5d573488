import type Provider from 'oidc-provider';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { leadSender, leadVisitor } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { answeredStep } from './finish-interaction.ts';

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

/**
 * The same; a browser that has answered the request is led where its answer led: by the form that it sends once
 * more, or, signed in as who answered, by the page that it opens again.
 * @returns undefined when that is the answer
 */
export async function admitInteraction(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: CommunityRequest,
  question: string,
  uid: string,
): Promise<Interaction | undefined> {
  try {
    return await loadInteraction(request, question, uid);
  } catch (error) {
    if (!isExpired(error) || !(await leadAnswered(parts, request, uid))) throw error;
    return undefined;
  }
}

/** Leads whoever answered the request on, where a page is asked for. @returns whether that is the answer */
export async function leadAnswered(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: CommunityRequest,
  uid: string,
): Promise<boolean> {
  // Scripts that ask for something on the way have nowhere to be led.
  if (!request.ctx.get('accept').includes('text/html')) return false;
  const lead = request.ctx.method === 'POST' ? leadSender : leadVisitor;
  return lead(parts, request, answeredStep(request, uid));
}

export function isExpired(error: unknown): boolean {
  return error instanceof RequestError && error.kind === 'expired';
}

function expired(message: string): RequestError {
  return new RequestError(400, 'expired', message);
}
