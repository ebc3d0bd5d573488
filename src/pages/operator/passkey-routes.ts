import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { operatorHolder, operatorPlace } from '../../domain/operators/operator-holder.ts';
import {
  raiseOperatorSession,
  type SignedInOperator,
} from '../../domain/operators/operator-session.ts';
import { listPasskeys, renamePasskey } from '../../domain/passkeys/passkey-store.ts';
import {
  beginRegistration,
  finishRegistration,
  passkeyName,
} from '../../domain/passkeys/register-passkey.ts';
import { removePasskey } from '../../domain/passkeys/remove-passkey.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import type { OtherSessions } from '../../domain/second-factors/other-sessions.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import {
  askOthersOfConsole,
  FACTOR_OTHERS,
  othersField,
} from '../components/other-sessions-field.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import {
  changeOrLeadOperator,
  hubPageIn,
  leadOperatorAgain,
} from '../routing/operator-done-steps.ts';
import { operatorRecent } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { PasskeyPage } from '../sign-in/passkey-pages.ts';

type Page = Extract<PasskeyPage, { page: 'account/passkeys' }>;
const one = z.object({ id: uuid });
const pageAfter = (isFirst: boolean) =>
  isFirst ? '/operator/recovery-codes?first=1' : '/operator/passkeys?notice=added';

/** An operator's own passkeys, on the page that members have. */
export const OPERATOR_PASSKEY_ROUTES: HubRoute[] = [
  hubRoute({
    method: 'GET',
    path: '/operator/passkeys',
    who: operatorRecent,
    query: z.object({ notice: oneOf('added', 'renamed', 'removed') }),
    async handle({ parts, request, who, query: { notice } }) {
      request.page(await passkeyPage(parts, request, who, { notice }), { operator: who });
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/passkeys/options',
    who: operatorRecent,
    form: noFields,
    async handle({ parts, request, who: { personId, email } }) {
      const place = operatorPlace(parts.config.url, request.browserKey);
      const named = { personId, username: email, displayName: email };
      request.ctx.type = 'json';
      request.ctx.body = { options: await beginRegistration(parts, place, named) };
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/passkeys',
    who: operatorRecent,
    form: z.object({
      response: z.string().optional(),
      name: z.string().optional(),
      others: othersField(FACTOR_OTHERS),
    }),
    async handle({ parts, request, who, form: { response, name, others } }) {
      const { uid } = who.session;
      const step = hubPageIn(request, `${who.id} ${response}`);
      const outcome = await finishRegistration(
        parts,
        operatorPlace(parts.config.url, request.browserKey),
        operatorHolder(who, request.locale),
        { response, name, locale: request.locale },
        { others, uid },
        {
          also: async (tx, _amr, isFirst) => {
            const answer = { subject: who.id, ledTo: pageAfter(isFirst) };
            if (step) await noteStep(parts.sealer, tx, step, answer);
          },
        },
      );
      if (!outcome.registered) {
        const faults = [{ field: 'name', code: outcome.fault }];
        const page = await passkeyPage(parts, request, who, { name, faults, others });
        request.page(page, { status: 400, operator: who });
        return;
      }
      await raiseOperatorSession(parts.database, uid, outcome.amr);
      // Of a form that was sent before, where it led then.
      if (await leadOperatorAgain(parts, request, step)) return;
      request.redirect(pageAfter(outcome.isFirstFactor));
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/passkeys/:id/name',
    params: one,
    who: operatorRecent,
    form: z.object({ name: z.string().optional() }),
    async handle({ parts, request, who, params: { id }, form }) {
      const name = passkeyName(form.name);
      if (name === undefined) {
        const faults = [{ field: `name-${id}`, code: 'name' as const }];
        const page = await passkeyPage(parts, request, who, { faults });
        request.page(page, { status: 400, operator: who });
        return;
      }
      await parts.database.transaction(async (tx) => {
        const before = await renamePasskey(tx, who.personId, id, name);
        if (before === undefined) throw notFound('passkey');
        if (before === name) return;
        const details = { passkey: id, name, before };
        const { event } = operatorHolder(who, request.locale);
        await recordEvents(tx, [event({ type: 'passkey.renamed', details })]);
      });
      request.redirect('/operator/passkeys?notice=renamed');
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/passkeys/:id/remove',
    params: one,
    who: operatorRecent,
    form: noFields,
    async handle({ parts, request, who, params: { id } }) {
      const holder = operatorHolder(who, request.locale);
      const step = hubPageIn(request, who.id);
      const asked = { step, subject: who.id, ledTo: '/operator/passkeys?notice=removed' };
      const refusal = await changeOrLeadOperator(parts, request, asked, (tx) =>
        removePasskey(tx, holder, who.session, id),
      );
      if (refusal !== undefined) {
        const faults = [{ field: `remove-${id}`, code: refusal }];
        const page = await passkeyPage(parts, request, who, { faults });
        request.page(page, { status: 400, operator: who });
      }
    },
  }),
];

async function passkeyPage(
  parts: WebParts,
  request: HubRequest,
  { personId }: SignedInOperator,
  {
    others,
    ...change
  }: Partial<Pick<Page, 'notice' | 'faults' | 'name'>> & { others?: OtherSessions },
): Promise<Page> {
  const { hostname, host } = parts.config.url;
  const { day } = datesFor(request.locale);
  const faults = change.faults ?? [];
  const faultOf = (id: string) => {
    for (const field of ['name', 'remove'] as const) {
      const found = faults.find((fault) => fault.field === `${field}-${id}`);
      if (found !== undefined) return { field, code: found.code };
    }
    return undefined;
  };
  const passkeys = await listPasskeys(parts.database, personId);
  const isFirst = !hasSecondFactor(await readFactors(parts.database, personId));
  return {
    page: 'account/passkeys',
    action: '/operator/passkeys',
    csrf: request.csrf(),
    host,
    passkeys: passkeys.map((passkey) => ({
      id: passkey.id,
      name: passkey.name,
      created: day(passkey.createdAt),
      lastUsed: passkey.lastUsedAt === null ? undefined : day(passkey.lastUsedAt),
      synced: passkey.backupEligible,
      elsewhere: passkey.rpId === hostname ? undefined : passkey.rpId,
      fault: faultOf(passkey.id),
    })),
    others: askOthersOfConsole(FACTOR_OTHERS, { chosen: others, isFirst }),
    ...change,
    faults,
  };
}
