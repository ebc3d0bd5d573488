import { z } from 'zod';
import { readFactors } from '../../domain/second-factors/factor-store.ts';
import type { FactorAttempt } from '../../platform/throttles/factor-throttle.ts';
import { typed } from '../../platform/web/form-fields.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { kindMeant, kindsOf } from '../components/factor-kinds.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { countWrongPasskey } from './count-wrong-passkey.ts';
import { FACTOR_CHECKS } from './factor-checks.ts';
import { knownDevice } from './known-device.ts';
import { passkeyOffer } from './passkey-factor.ts';
import type { PendingSignIn } from './pending-sign-in.ts';
import type { SecondFactorPage } from './second-factor-pages.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';
import { onTheWay, SIGN_INS } from './who.ts';

/** Between a password and a sign-in: the second factor of whoever has one. */
export const SECOND_FACTOR_ROUTES: CommunityRoute[] = SIGN_INS.flatMap(({ path, params }) => [
  route({
    method: 'GET',
    path: `${path}/second-factor`,
    params,
    who: onTheWay('factor'),
    query: z.object({ use: z.string().optional().catch(undefined) }),
    async handle({ parts, request, who: { pending, target }, query }) {
      const page = await secondFactorPage(parts, request, pending, target, query.use);
      request.page(page, { leaves: target.interaction !== undefined });
    },
  }),
  route({
    method: 'POST',
    path: `${path}/second-factor`,
    params,
    who: onTheWay('factor'),
    form: z.object({ using: z.string().optional(), code: typed, response: typed }),
    async handle({ parts, request, who: { pending, target }, form }) {
      const page = await secondFactorPage(parts, request, pending, target, form.using, true);
      const refuse = (change: Partial<SecondFactorPage>, status = 400) =>
        request.page({ ...page, ...change }, { status, leaves: target.interaction !== undefined });

      if ((page.using === 'passkey' ? form.response : form.code.trim()) === '') {
        refuse({ fault: page.using === 'passkey' ? 'passkey' : 'missing' });
        return;
      }
      const { subject, personId } = pending;
      const device = await knownDevice(parts, request.ctx, request.community.id, subject);
      const attempt: FactorAttempt = { personId, ip: request.ip, device };
      const isGuessable = page.using !== 'passkey';
      const refuseUntil = (retryAfterSeconds: number) => {
        request.ctx.set('Retry-After', String(retryAfterSeconds));
        refuse({ fault: 'throttled', retryAfterMinutes: Math.ceil(retryAfterSeconds / 60) }, 429);
      };
      const leave = isGuessable ? await parts.throttle.factor(attempt) : { allowed: true as const };
      if (!leave.allowed) return refuseUntil(leave.retryAfterSeconds);
      const proven = await FACTOR_CHECKS[page.using](parts, request, pending, form);
      if (proven === undefined) {
        const counted = isGuessable
          ? leave
          : await countWrongPasskey(parts, request.community.id, request.ip);
        if (!counted.allowed) return refuseUntil(counted.retryAfterSeconds);
        const details = { using: page.using };
        request.unit.record({ type: 'second-factor.failed', actor: 'anonymous', subject, details });
        refuse({ fault: page.using === 'passkey' ? 'passkey' : 'code' });
        return;
      }
      if (isGuessable) await parts.throttle.factorSucceeded(attempt);
      const amr = ['pwd', ...proven, 'mfa'];
      await completeSignIn(
        parts,
        request,
        { amr, credential: pending.credential, pending },
        { ...target, returnPath: pending.returnPath },
      );
    },
  }),
]);

async function secondFactorPage(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
  wanted: unknown,
  isSent = false,
): Promise<SecondFactorPage> {
  const factors = await readFactors(parts.database, pending.personId);
  const kinds = kindsOf(factors);
  const using = kindMeant(kinds, wanted, isSent);
  const base = request.issuer.basePath + signInPath(target);
  const service =
    target.interaction &&
    serviceOfClient(request.community, String(target.interaction.params.client_id));
  return {
    page: 'second-factor',
    action: `${base}/second-factor`,
    csrf: request.csrf(),
    service: service && { name: service.name },
    using,
    others: kinds
      .filter((kind) => kind !== using)
      .map((kind) => ({ using: kind, url: `${base}/second-factor?use=${kind}` })),
    passkey:
      using === 'passkey' ? passkeyOffer(parts, request, target, factors.passkeys) : undefined,
    restartUrl: `${base}?switch=1`,
  };
}
