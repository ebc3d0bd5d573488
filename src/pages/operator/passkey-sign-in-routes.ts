import { z } from 'zod';
import { operatorPlace } from '../../domain/operators/operator-holder.ts';
import { askForPasskey } from '../../domain/passkeys/ask-for-passkey.ts';
import { verifyAssertion } from '../../domain/passkeys/verify-assertion.ts';
import { doneMeanwhile } from '../routing/done-steps.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { hubDoneBefore, hubPageIn, leadOperator } from '../routing/operator-done-steps.ts';
import { safeConsolePath } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { countWrongPasskey } from '../sign-in/count-wrong-passkey.ts';
import { completeOperatorSignIn } from './complete-operator-sign-in.ts';
import { operatorLogin, refuseUntil, tellOfFailure } from './sign-in-routes.ts';

const PURPOSE = 'sign-in';

/** Signing in to the console with a passkey alone. It counts as two factors. */
export const OPERATOR_PASSKEY_SIGN_IN_ROUTES: HubRoute[] = [
  hubRoute({
    method: 'POST',
    path: '/operator/login/passkey/options',
    who: anyone,
    // The script names addresses to choose from, where there are several: here is one.
    form: z.object({ rp: z.string().optional() }),
    handle: ({ parts, request }) =>
      sendOptions(parts, request, { purpose: PURPOSE, userVerification: 'required' }),
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/login/passkey',
    who: anyone,
    form: z.object({ response: z.string().optional(), return_to: z.string().optional() }),
    async handle({ parts, request, form }) {
      const returnPath = safeConsolePath(request, form.return_to);
      const place = operatorPlace(parts.config.url, request.browserKey);
      const outcome = await verifyAssertion(parts, place, form.response, {
        purpose: PURPOSE,
        userVerification: true,
      });
      const step = hubPageIn(request, form.response ?? '');
      if (outcome.verified) {
        const { operatorId, personId, email, id } = outcome.passkey;
        const amr = [...outcome.amr, 'mfa'];
        const proven = { id: operatorId, personId, email, amr, restsOn: { passkeyId: id }, step };
        return completeOperatorSignIn(parts, request, proven, returnPath);
      }
      const page = operatorLogin(request, returnPath);
      const isAgain = outcome.again !== undefined;
      const done = isAgain ? await hubDoneBefore(parts, step) : undefined;
      if (done !== undefined && (await leadOperator(parts, request, done))) return;
      const allowed = await countWrongPasskey(parts, 'hub', request.ip);
      if (!allowed.allowed) return refuseUntil(request, page, allowed);
      // A second click is no wrong answer, and opens nothing: the first may be at work.
      const doneNow = isAgain && !done ? await doneMeanwhile(parts, request, [step]) : undefined;
      if (doneNow !== undefined && (await leadOperator(parts, request, doneNow)))
        return allowed.takeBack();
      await tellOfFailure(parts, 'passkey');
      request.page({ ...page, fault: 'passkey' }, { status: 400 });
    },
  }),
];

/** Answers with what the page's script asks the browser for. */
export async function sendOptions(
  parts: Pick<WebParts, 'config' | 'sealer'>,
  request: HubRequest,
  ask: Parameters<typeof askForPasskey>[3],
): Promise<void> {
  const place = operatorPlace(parts.config.url, request.browserKey);
  const options = await askForPasskey(parts.sealer, place, place.rpIds[0], ask);
  request.ctx.type = 'json';
  request.ctx.body = { options, elsewhere: [] };
}
