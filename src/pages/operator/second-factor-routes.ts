import { z } from 'zod';
import { operatorHolder, operatorPlace } from '../../domain/operators/operator-holder.ts';
import type { PendingOperatorSignIn } from '../../domain/operators/pending-operator-sign-in.ts';
import { verifyAssertion } from '../../domain/passkeys/verify-assertion.ts';
import { useRecoveryCode } from '../../domain/second-factors/change-factors.ts';
import { readFactors } from '../../domain/second-factors/factor-store.ts';
import { checkTotp } from '../../domain/second-factors/totp.ts';
import type { Amr } from '../../domain/sessions/authentication.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { FactorAttempt } from '../../platform/throttles/factor-throttle.ts';
import { typed } from '../../platform/web/form-fields.ts';
import { type FactorKind, kindMeant, kindsOf } from '../components/factor-kinds.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { safeConsolePath } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { countWrongPasskey } from '../sign-in/count-wrong-passkey.ts';
import type { SecondFactorPage } from '../sign-in/second-factor-pages.ts';
import { completeOperatorSignIn } from './complete-operator-sign-in.ts';
import { knownOperatorDevice } from './operator-device.ts';
import { sendOptions } from './passkey-sign-in-routes.ts';
import { arrivedStep, operatorOnTheWay, secondFactorPath } from './who.ts';

const purposeOf = ({ tokenHash }: PendingOperatorSignIn) => `factor:${tokenHash.toString('hex')}`;
const returnTo = z.string().optional().catch(undefined);

/** Between an operator's password and the console: the second factor of whoever has one. */
export const OPERATOR_SECOND_FACTOR_ROUTES: HubRoute[] = [
  hubRoute({
    method: 'GET',
    path: '/operator/login/second-factor',
    who: operatorOnTheWay,
    query: z.object({ use: z.string().optional().catch(undefined), return_to: returnTo }),
    async handle({ parts, request, who, query: { use, return_to } }) {
      const returnPath = safeConsolePath(request, return_to);
      request.page(await secondFactorPage(parts, who, use, { request, returnPath }));
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/login/second-factor',
    who: operatorOnTheWay,
    query: z.object({ return_to: returnTo }),
    form: z.object({ using: z.string().optional(), code: typed, response: typed }),
    async handle({ parts, request, who, query: { return_to }, form }) {
      const returnPath = safeConsolePath(request, return_to);
      const about = { request, returnPath, isSent: true };
      const page = await secondFactorPage(parts, who, form.using, about);
      const { using } = page;
      const refuse = (change: Partial<SecondFactorPage>, status = 400) =>
        request.page({ ...page, ...change }, { status });
      if ((using === 'passkey' ? form.response : form.code.trim()) === '') {
        refuse({ fault: using === 'passkey' ? 'passkey' : 'missing' });
        return;
      }
      const device = await knownOperatorDevice(parts, request, who);
      const attempt: FactorAttempt = { personId: who.personId, ip: request.ip, device };
      const isGuessable = using !== 'passkey';
      const refuseUntil = (retryAfterSeconds: number) => {
        request.ctx.set('Retry-After', String(retryAfterSeconds));
        refuse({ fault: 'throttled', retryAfterMinutes: Math.ceil(retryAfterSeconds / 60) }, 429);
      };
      const leave = isGuessable ? await parts.throttle.factor(attempt) : { allowed: true as const };
      if (!leave.allowed) return refuseUntil(leave.retryAfterSeconds);
      const proven = await CHECKS[using](parts, request, who, form);
      if (proven === undefined) {
        const counted = isGuessable ? leave : await countWrongPasskey(parts, 'hub', request.ip);
        if (!counted.allowed) return refuseUntil(counted.retryAfterSeconds);
        await tellOfFailure(parts, who, using);
        refuse({ fault: using === 'passkey' ? 'passkey' : 'code' });
        return;
      }
      if (isGuessable) await parts.throttle.factorSucceeded(attempt);
      const { id, personId, email, passwordHash } = who;
      const amr = ['pwd', ...proven, 'mfa'];
      const step = arrivedStep(request);
      const signIn = { id, personId, email, amr, restsOn: { passwordHash }, pending: who, step };
      await completeOperatorSignIn(parts, request, signIn, returnPath);
    },
  }),
  // Names the passkeys to whoever has proven the password.
  hubRoute({
    method: 'POST',
    path: '/operator/login/second-factor/passkey/options',
    who: operatorOnTheWay,
    form: z.object({ rp: z.string().optional() }),
    async handle({ parts, request, who }) {
      const { passkeys } = await readFactors(parts.database, who.personId);
      await sendOptions(parts, request, {
        purpose: purposeOf(who),
        userVerification: 'discouraged',
        allowed: passkeys.filter(({ rpId }) => rpId === parts.config.url.hostname),
      });
    },
  }),
];

/** As members' (`FACTOR_CHECKS`): what was sent is used up, for this sign-in. */
const CHECKS: Record<
  FactorKind,
  (
    parts: WebParts,
    request: HubRequest,
    who: PendingOperatorSignIn,
    sent: { code: string; response: string },
  ) => Promise<Amr[] | undefined>
> = {
  async passkey(parts, request, who, { response }) {
    const place = operatorPlace(parts.config.url, request.browserKey);
    const { personId } = who;
    const expected = { purpose: purposeOf(who), personId, userVerification: false };
    const outcome = await verifyAssertion(parts, place, response, expected);
    return outcome.verified ? outcome.amr : outcome.again;
  },
  totp: async (parts, _request, { personId, tokenHash }, { code }) =>
    (await checkTotp(parts, personId, code, Date.now(), tokenHash)) ? ['otp'] : undefined,
  'recovery-code': async (parts, request, who, { code }) => {
    const holder = operatorHolder(who, request.locale);
    return (await useRecoveryCode(parts, holder, code, who.tokenHash)) ? ['otp'] : undefined;
  },
};

async function secondFactorPage(
  parts: WebParts,
  { personId }: PendingOperatorSignIn,
  wanted: string | undefined,
  {
    request,
    returnPath,
    isSent,
  }: { request: HubRequest; returnPath: string | undefined; isSent?: boolean },
): Promise<SecondFactorPage> {
  const factors = await readFactors(parts.database, personId);
  const kinds = kindsOf(factors);
  const using = kindMeant(kinds, wanted, isSent);
  const here = factors.passkeys.some(({ rpId }) => rpId === parts.config.url.hostname);
  return {
    page: 'second-factor',
    action: secondFactorPath(returnPath),
    csrf: request.csrf(),
    using,
    others: kinds
      .filter((kind) => kind !== using)
      .map((kind) => ({ using: kind, url: secondFactorPath(returnPath, kind) })),
    passkey:
      using === 'passkey'
        ? {
            optionsUrl: '/operator/login/second-factor/passkey/options',
            here,
            elsewhere: [],
            isConsole: true,
          }
        : undefined,
    restartUrl: '/operator/login',
  };
}

function tellOfFailure(
  { database }: Pick<WebParts, 'database'>,
  { id }: PendingOperatorSignIn,
  using: FactorKind,
): Promise<void> {
  const details = { operator: id, using };
  return database.transaction((tx) =>
    recordEvents(tx, [{ type: 'operator.second-factor-failed', actor: 'anonymous', details }]),
  );
}
