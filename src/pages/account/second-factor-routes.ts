import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import {
  addTotp,
  removeTotp,
  renewRecoveryCodes,
} from '../../domain/second-factors/change-factors.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import { memberHolder } from '../../domain/second-factors/holder.ts';
import type { OtherSessions } from '../../domain/second-factors/other-sessions.ts';
import { FEW_CODES } from '../../domain/second-factors/recovery-codes.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import { beginTotp, confirmTotp } from '../../domain/second-factors/totp-setup.ts';
import { noFields, oneOf, present } from '../../platform/web/form-fields.ts';
import { askOthers, FACTOR_OTHERS } from '../components/other-sessions-field.ts';
import { sendCodes, shownCodesFields, totpFields } from '../components/second-factor-forms.ts';
import { timesFor } from '../components/times.ts';
import { raiseSession } from '../routing/browser-session.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { formIn, leadSender } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import type { TwoFactorPage } from './second-factor-pages.ts';

type Overview = Extract<TwoFactorPage, { page: 'account/two-factors' }>;

const pageAfterTotp = (isFirst: boolean) =>
  isFirst ? '/account/recovery-codes?first=1' : '/account/two-factors?notice=totp-added';

export const TWO_FACTOR_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/two-factors',
    who: memberRecent,
    query: z.object({ notice: oneOf('totp-added', 'totp-removed') }),
    async handle({ parts, request, who, query: { notice } }) {
      const page = await overview(parts, request, who);
      request.page({ ...page, notice }, { member: who.member });
    },
  }),
  route({
    method: 'GET',
    path: '/account/totp',
    who: memberRecent,
    async handle({ parts, request, who }) {
      request.page(await totpPage(parts, request, who), { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/account/totp',
    who: memberRecent,
    form: totpFields,
    async handle({ parts, request, who, form: { setup, code, others } }) {
      const confirmed = confirmTotp(parts.sealer, who.personId, { setup, code });
      if (typeof confirmed === 'string') {
        const page = await totpPage(parts, request, who, { setup, others });
        request.page({ ...page, fault: confirmed }, { status: 400, member: who.member });
        return;
      }
      const holder = memberHolder(request, who.member);
      const { subject } = who.member;
      const step = formIn(request, subject);
      const wish = { others, uid: who.session.uid };
      const isFirst = await addTotp(parts, holder, confirmed, wish, {
        also: async (tx, first) => {
          const ledTo = request.issuer.basePath + pageAfterTotp(first);
          if (step) await noteStep(parts.sealer, tx, step, { subject, ledTo });
          // Typing a code proved it: what asks for a second factor need not ask again, nor the same form sent twice.
          await raiseSession(request, 'otp');
          await request.unit.updateSessionsIn(tx);
        },
      });
      await parts.settle();
      // Of a form that was sent before, where it led then.
      if (await leadSender(parts, request, step)) return;
      request.redirect(pageAfterTotp(isFirst));
    },
  }),
  route({
    method: 'POST',
    path: '/account/totp/remove',
    who: memberRecent,
    form: noFields,
    async handle({ parts, request, who }) {
      const refusal = await removeTotp(parts, memberHolder(request, who.member), who.session);
      if (refusal !== undefined) {
        const page = await overview(parts, request, who);
        request.page({ ...page, fault: refusal }, { status: 400, member: who.member });
        return;
      }
      await parts.settle();
      request.redirect('/account/two-factors?notice=totp-removed');
    },
  }),
  route({
    method: 'GET',
    path: '/account/recovery-codes',
    who: memberRecent,
    query: z.object({ first: present }),
    async handle({ parts, request, who, query }) {
      const factors = await readFactors(parts.database, who.personId);
      if (!hasSecondFactor(factors)) {
        request.redirect('/account/two-factors');
        return;
      }
      const left = factors.recoveryCodesLeft;
      request.page(
        {
          page: 'account/recovery-codes',
          action: `${request.issuer.basePath}/account/recovery-codes`,
          csrf: request.csrf(),
          left,
          few: left <= FEW_CODES,
          first: left === 0 && query.first,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/account/recovery-codes',
    who: memberRecent,
    form: noFields,
    async handle({ parts, request, who }) {
      if (!hasSecondFactor(await readFactors(parts.database, who.personId))) {
        request.redirect('/account/two-factors');
        return;
      }
      const step = formIn(request, who.member.subject);
      const codes = await renewRecoveryCodes(parts, memberHolder(request, who.member), step);
      if (codes === undefined) return request.redirect('/account/recovery-codes');
      const base = `${request.issuer.basePath}/account`;
      request.page(
        {
          page: 'account/recovery-codes-made',
          csrf: request.csrf(),
          codes,
          downloadUrl: `${base}/recovery-codes/file`,
          doneUrl: `${base}/two-factors`,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/account/recovery-codes/file',
    who: memberRecent,
    form: shownCodesFields,
    handle: ({ request, form: { codes } }) => sendCodes(request, codes),
  }),
];

async function overview(
  { database }: WebParts,
  request: CommunityRequest,
  { member, personId }: SignedIn,
): Promise<Overview> {
  const factors = await readFactors(database, personId);
  const [totp] = await database.query<{ created: Date; used: Date | null }>(
    'SELECT created_at AS created, last_used_at AS used FROM totp_secrets WHERE person_id = $1',
    [personId],
  );
  const { day } = timesFor(request, member);
  const { required, from } = secondFactorRequirement(request.community, member);
  const left = factors.recoveryCodesLeft;
  return {
    page: 'account/two-factors',
    base: `${request.issuer.basePath}/account`,
    csrf: request.csrf(),
    totp: totp && {
      added: day(totp.created),
      lastUsed: totp.used === null ? undefined : day(totp.used),
    },
    passkeys: factors.passkeys.length,
    codes: hasSecondFactor(factors) ? { left, few: left <= FEW_CODES } : undefined,
    required: required ? { date: from && day(from) } : undefined,
  };
}

async function totpPage(
  parts: WebParts,
  request: CommunityRequest,
  { member, personId }: SignedIn,
  { setup, others }: { setup?: string | undefined; others?: OtherSessions } = {},
) {
  const { totp } = await readFactors(parts.database, personId);
  const whose = { personId, username: member.username, community: request.community.name };
  return {
    page: 'account/totp' as const,
    action: `${request.issuer.basePath}/account/totp`,
    csrf: request.csrf(),
    replaces: totp,
    others: askOthers(FACTOR_OTHERS, { chosen: others, basePath: request.issuer.basePath }),
    ...(await beginTotp(parts.sealer, whose, setup)),
  };
}
