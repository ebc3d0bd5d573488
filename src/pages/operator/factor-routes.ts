import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { operatorHolder } from '../../domain/operators/operator-holder.ts';
import {
  raiseOperatorSession,
  type SignedInOperator,
} from '../../domain/operators/operator-session.ts';
import {
  addTotp,
  removeTotp,
  renewRecoveryCodes,
} from '../../domain/second-factors/change-factors.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import type { OtherSessions } from '../../domain/second-factors/other-sessions.ts';
import { FEW_CODES } from '../../domain/second-factors/recovery-codes.ts';
import { beginTotp, confirmTotp } from '../../domain/second-factors/totp-setup.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { noFields, oneOf, present } from '../../platform/web/form-fields.ts';
import { askOthersOfConsole, FACTOR_OTHERS } from '../components/other-sessions-field.ts';
import { sendCodesOf, shownCodesFields, totpFields } from '../components/second-factor-forms.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { hubFormIn, leadOperatorAgain } from '../routing/operator-done-steps.ts';
import { operatorRecent } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';

const pageAfterTotp = (isFirst: boolean) =>
  isFirst ? '/operator/recovery-codes?first=1' : '/operator/two-factors?notice=totp-added';

/** An operator's own second factors, on the pages that members have. */
export const OPERATOR_FACTOR_ROUTES: HubRoute[] = [
  hubRoute({
    method: 'GET',
    path: '/operator/two-factors',
    who: operatorRecent,
    query: z.object({ notice: oneOf('totp-added', 'totp-removed') }),
    async handle({ parts, request, who, query: { notice } }) {
      request.page({ ...(await overview(parts, request, who)), notice }, { operator: who });
    },
  }),
  hubRoute({
    method: 'GET',
    path: '/operator/totp',
    who: operatorRecent,
    async handle({ parts, request, who }) {
      request.page(await totpPage(parts, request, who), { operator: who });
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/totp',
    who: operatorRecent,
    form: totpFields,
    async handle({ parts, request, who, form: { setup, code, others } }) {
      const confirmed = confirmTotp(parts.sealer, who.personId, { setup, code });
      if (typeof confirmed === 'string') {
        const page = await totpPage(parts, request, who, { setup, others });
        request.page({ ...page, fault: confirmed }, { status: 400, operator: who });
        return;
      }
      const { uid } = who.session;
      const holder = operatorHolder(who, request.locale);
      const step = hubFormIn(request, who.id);
      const isFirst = await addTotp(
        parts,
        holder,
        confirmed,
        { others, uid },
        {
          also: async (tx, first) => {
            const answer = { subject: who.id, ledTo: pageAfterTotp(first) };
            if (step) await noteStep(parts.sealer, tx, step, answer);
          },
        },
      );
      await raiseOperatorSession(parts.database, uid, ['otp']);
      // Of a form that was sent before, where it led then.
      if (await leadOperatorAgain(parts, request, step)) return;
      request.redirect(pageAfterTotp(isFirst));
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/totp/remove',
    who: operatorRecent,
    form: noFields,
    async handle({ parts, request, who }) {
      const holder = operatorHolder(who, request.locale);
      const fault = await removeTotp(parts, holder, who.session);
      if (fault !== undefined) {
        const page = await overview(parts, request, who);
        request.page({ ...page, fault }, { status: 400, operator: who });
        return;
      }
      request.redirect('/operator/two-factors?notice=totp-removed');
    },
  }),
  hubRoute({
    method: 'GET',
    path: '/operator/recovery-codes',
    who: operatorRecent,
    query: z.object({ first: present }),
    async handle({ parts, request, who, query }) {
      const factors = await readFactors(parts.database, who.personId);
      if (!hasSecondFactor(factors)) return request.redirect('/operator/two-factors');
      const left = factors.recoveryCodesLeft;
      request.page(
        {
          page: 'account/recovery-codes',
          action: '/operator/recovery-codes',
          csrf: request.csrf(),
          left,
          few: left <= FEW_CODES,
          first: left === 0 && query.first,
        },
        { operator: who },
      );
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/recovery-codes',
    who: operatorRecent,
    form: noFields,
    async handle({ parts, request, who }) {
      if (!hasSecondFactor(await readFactors(parts.database, who.personId)))
        return request.redirect('/operator/two-factors');
      const holder = operatorHolder(who, request.locale);
      const codes = await renewRecoveryCodes(parts, holder, hubFormIn(request, who.id));
      if (codes === undefined) return request.redirect('/operator/recovery-codes');
      request.page(
        {
          page: 'account/recovery-codes-made',
          csrf: request.csrf(),
          codes,
          downloadUrl: '/operator/recovery-codes/file',
          doneUrl: '/operator/two-factors',
        },
        { operator: who },
      );
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/recovery-codes/file',
    who: operatorRecent,
    form: shownCodesFields,
    handle: ({ parts, request, form: { codes } }) =>
      sendCodesOf(
        request.ctx,
        { slug: 'operator', name: 'Trousseau', url: `${parts.config.url.origin}/operator` },
        codes,
      ),
  }),
];

async function overview({ database }: WebParts, request: HubRequest, who: SignedInOperator) {
  const factors = await readFactors(database, who.personId);
  const [totp] = await database.query<{ created: Date; used: Date | null }>(
    'SELECT created_at AS created, last_used_at AS used FROM totp_secrets WHERE person_id = $1',
    [who.personId],
  );
  const { day } = datesFor(request.locale);
  const left = factors.recoveryCodesLeft;
  return {
    page: 'account/two-factors' as const,
    base: '/operator',
    csrf: request.csrf(),
    totp: totp && {
      added: day(totp.created),
      lastUsed: totp.used === null ? undefined : day(totp.used),
    },
    passkeys: factors.passkeys.length,
    codes: hasSecondFactor(factors) ? { left, few: left <= FEW_CODES } : undefined,
    required: undefined,
  };
}

async function totpPage(
  parts: WebParts,
  request: HubRequest,
  { personId, email }: SignedInOperator,
  { setup, others }: { setup?: string | undefined; others?: OtherSessions } = {},
) {
  const factors = await readFactors(parts.database, personId);
  const community = `Trousseau (${parts.config.url.hostname})`;
  return {
    page: 'account/totp' as const,
    action: '/operator/totp',
    csrf: request.csrf(),
    replaces: factors.totp,
    others: askOthersOfConsole(FACTOR_OTHERS, {
      chosen: others,
      isFirst: !hasSecondFactor(factors),
    }),
    ...(await beginTotp(parts.sealer, { personId, username: email, community }, setup)),
  };
}
