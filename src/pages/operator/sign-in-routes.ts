import { z } from 'zod';
import { findOperatorCredential } from '../../domain/operators/operator-session.ts';
import { openPendingOperatorSignIn } from '../../domain/operators/pending-operator-sign-in.ts';
import { provePassword } from '../../domain/people/prove-password.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { address, present, typed } from '../../platform/web/form-fields.ts';
import { paceRefusal } from '../../platform/web/pace-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { hubFormIn } from '../routing/operator-done-steps.ts';
import { safeConsolePath } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { completeOperatorSignIn } from './complete-operator-sign-in.ts';
import { knownOperatorDevice } from './operator-device.ts';
import type { OperatorPage } from './pages.ts';
import { keepPending, secondFactorPath } from './who.ts';

type LoginPage = Extract<OperatorPage, { page: 'operator-login' }>;

/** Signing in to the console with a password; whoever has a second factor is asked for it next. */
export const OPERATOR_SIGN_IN_ROUTES: HubRoute[] = [
  hubRoute({
    method: 'GET',
    path: '/operator/login',
    who: anyone,
    query: z.object({ return_to: z.string().optional().catch(undefined), again: present }),
    handle: ({ request, query: { return_to, again } }) =>
      request.page({ ...operatorLogin(request, safeConsolePath(request, return_to)), again }),
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/login',
    who: anyone,
    form: z.object({ email: address, password: typed, return_to: z.string().optional() }),
    hashes: true,
    async handle({ parts, request, form: { email, password, return_to } }) {
      const operator = await findOperatorCredential(parts.database, email);
      const device = await knownOperatorDevice(parts, request, operator);
      const name = email.toLowerCase();
      const attempt = {
        communityId: 'hub',
        name,
        account: operator?.id ?? name,
        isNobody: operator === undefined,
        ip: request.ip,
        ...(device !== undefined && { device }),
      };
      const returnPath = safeConsolePath(request, return_to);
      const page: LoginPage = { ...operatorLogin(request, returnPath), email };
      const throttled = await parts.throttle.attempt(attempt);
      if (!throttled.allowed) {
        paceRefusal(request.ctx, 'spared');
        return refuseUntil(request, page, throttled);
      }
      const passwordHash = await provePassword(
        parts.database,
        request.passwords(),
        operator,
        password,
      );
      if (passwordHash === undefined || operator === undefined) {
        await tellOfFailure(parts, 'password');
        paceRefusal(request.ctx, 'worked');
        if ('besieged' in throttled) return refuseUntil(request, page, throttled.besieged);
        request.page({ ...page, fault: 'credentials' }, { status: 400 });
        return;
      }
      await parts.throttle.succeeded(attempt);
      if (!hasSecondFactor(await readFactors(parts.database, operator.personId))) {
        const { id, personId } = operator;
        const restsOn = { passwordHash };
        const step = hubFormIn(request, id);
        const proven = { id, personId, email: operator.email, amr: ['pwd'], restsOn, step };
        return completeOperatorSignIn(parts, request, proven, returnPath);
      }
      keepPending(
        request,
        await openPendingOperatorSignIn(parts.database, operator.id, passwordHash),
      );
      request.redirect(secondFactorPath(returnPath));
    },
  }),
];

export function operatorLogin(request: HubRequest, returnTo: string | undefined): LoginPage {
  return { page: 'operator-login', action: '/operator/login', csrf: request.csrf(), returnTo };
}

export function refuseUntil(
  request: HubRequest,
  page: LoginPage,
  { retryAfterSeconds }: { retryAfterSeconds: number },
): void {
  request.ctx.set('Retry-After', String(retryAfterSeconds));
  const retryAfterMinutes = Math.ceil(retryAfterSeconds / 60);
  request.page({ ...page, fault: 'throttled', retryAfterMinutes }, { status: 429 });
}

export function tellOfFailure(
  { database }: Pick<WebParts, 'database'>,
  using: 'password' | 'passkey',
): Promise<void> {
  return database.transaction((tx) =>
    recordEvents(tx, [{ type: 'operator.sign-in-failed', actor: 'anonymous', details: { using } }]),
  );
}
