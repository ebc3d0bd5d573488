import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { communityPlace } from '../../domain/passkeys/passkey-place.ts';
import { listPasskeys, type Passkey, renamePasskey } from '../../domain/passkeys/passkey-store.ts';
import {
  beginRegistration,
  finishRegistration,
  passkeyName,
} from '../../domain/passkeys/register-passkey.ts';
import { relyingPartyAt } from '../../domain/passkeys/relying-party.ts';
import { removePasskey } from '../../domain/passkeys/remove-passkey.ts';
import { memberHolder } from '../../domain/second-factors/holder.ts';
import type { OtherSessions } from '../../domain/second-factors/other-sessions.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { askOthers, FACTOR_OTHERS, othersField } from '../components/other-sessions-field.ts';
import { raiseSession } from '../routing/browser-session.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, leadSender, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import type { PasskeyPage } from '../sign-in/passkey-pages.ts';

type AccountPage = Extract<PasskeyPage, { page: 'account/passkeys' }>;
const one = z.object({ id: uuid });
const pageAfter = (isFirst: boolean) =>
  isFirst ? '/account/recovery-codes?first=1' : '/account/passkeys?notice=added';

export const PASSKEY_ACCOUNT_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/passkeys',
    who: memberRecent,
    query: z.object({ notice: oneOf('added', 'renamed', 'removed') }),
    async handle({ parts, request, who, query: { notice } }) {
      request.page(await accountPage(parts, request, who, { notice }), { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/account/passkeys/options',
    who: memberRecent,
    form: noFields,
    async handle({ parts, request, who: { member } }) {
      request.ctx.type = 'json';
      const place = communityPlace(parts.config, request);
      request.ctx.body = { options: await beginRegistration(parts, place, member) };
    },
  }),
  route({
    method: 'POST',
    path: '/account/passkeys',
    who: memberRecent,
    form: z.object({
      response: z.string().optional(),
      name: z.string().optional(),
      others: othersField(FACTOR_OTHERS),
    }),
    async handle({ parts, request, who, form: { response, name, others } }) {
      const { subject } = who.member;
      const step = pageIn(request, response);
      const outcome = await finishRegistration(
        parts,
        communityPlace(parts.config, request),
        memberHolder(request, who.member),
        { response, name, locale: localeOf(request.ctx, request.community.locale) },
        { others, uid: who.session.uid },
        {
          also: async (tx, amr, isFirst) => {
            const ledTo = request.issuer.basePath + pageAfter(isFirst);
            if (step) await noteStep(parts.sealer, tx, step, { subject, ledTo });
            // Making it proved it: what asks for a second factor need not ask again, nor the same form sent twice.
            for (const proven of amr) await raiseSession(request, proven);
            await request.unit.updateSessionsIn(tx);
          },
        },
      );
      if (!outcome.registered) {
        const faults = [{ field: 'name', code: outcome.fault }];
        const page = await accountPage(parts, request, who, { name, faults, others });
        request.page(page, { status: 400, member: who.member });
        return;
      }
      await parts.settle();
      // Of a form that was sent before, where it led then.
      if (await leadSender(parts, request, step)) return;
      request.redirect(pageAfter(outcome.isFirstFactor));
    },
  }),
  route({
    method: 'POST',
    path: '/account/passkeys/:id/name',
    params: one,
    who: memberRecent,
    form: z.object({ name: z.string().optional() }),
    async handle({ parts, request, who, params: { id }, form }) {
      const name = passkeyName(form.name);
      if (name === undefined) {
        const faults = [{ field: `name-${id}`, code: 'name' as const }];
        const page = await accountPage(parts, request, who, { faults });
        request.page(page, { status: 400, member: who.member });
        return;
      }
      const { personId, subject } = who.member;
      await parts.database.transaction(async (tx) => {
        const before = await renamePasskey(tx, personId, id, name);
        if (before === undefined) throw notFound('passkey');
        if (before === name) return;
        await recordEvents(tx, [
          {
            communityId: request.community.id,
            type: 'passkey.renamed',
            actor: `member:${subject}`,
            subject,
            details: { passkey: id, name, before },
          },
        ]);
      });
      request.redirect('/account/passkeys?notice=renamed');
    },
  }),
  route({
    method: 'POST',
    path: '/account/passkeys/:id/remove',
    params: one,
    who: memberRecent,
    form: noFields,
    async handle({ parts, request, who, params: { id } }) {
      const { subject } = who.member;
      const holder = memberHolder(request, who.member);
      const to = '/account/passkeys?notice=removed';
      const refusal = await changeOrLead(
        parts,
        request,
        { step: pageIn(request, subject), subject, to },
        (tx) => removePasskey(tx, holder, who.session, id),
      );
      if (refusal !== undefined) {
        const faults = [{ field: `remove-${id}`, code: refusal }];
        const page = await accountPage(parts, request, who, { faults });
        request.page(page, { status: 400, member: who.member });
      }
    },
  }),
];

async function accountPage(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
  {
    others,
    ...change
  }: Partial<Pick<AccountPage, 'notice' | 'faults' | 'name'>> & {
    others?: OtherSessions;
  },
): Promise<AccountPage> {
  const here = relyingPartyAt(request.issuer);
  const locale = localeOf(request.ctx, request.community.locale);
  const { day } = datesFor(locale, member.zoneinfo);
  const describe = (passkey: Passkey): AccountPage['passkeys'][number] => ({
    id: passkey.id,
    name: passkey.name,
    created: day(passkey.createdAt),
    lastUsed: passkey.lastUsedAt === null ? undefined : day(passkey.lastUsedAt),
    synced: passkey.backupEligible,
    elsewhere: passkey.rpId === here.rpId ? undefined : passkey.rpId,
    fault: faultOf(passkey.id, change.faults ?? []),
  });
  const passkeys = await listPasskeys(parts.database, member.personId);
  return {
    page: 'account/passkeys',
    action: `${request.issuer.basePath}/account/passkeys`,
    csrf: request.csrf(),
    host: new URL(request.issuer.url).host,
    passkeys: passkeys.map(describe),
    others: askOthers(FACTOR_OTHERS, { chosen: others, basePath: request.issuer.basePath }),
    faults: [],
    ...change,
  };
}

/** What was wrong with one of the forms of a passkey. */
function faultOf(
  id: string,
  faults: AccountPage['faults'],
): AccountPage['passkeys'][number]['fault'] {
  for (const field of ['name', 'remove'] as const) {
    const found = faults.find((fault) => fault.field === `${field}-${id}`);
    if (found !== undefined) return { field, code: found.code };
  }
  return undefined;
}
