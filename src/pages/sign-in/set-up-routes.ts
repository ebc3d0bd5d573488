import { z } from 'zod';
import { communityPlace } from '../../domain/passkeys/passkey-place.ts';
import { beginRegistration, finishRegistration } from '../../domain/passkeys/register-passkey.ts';
import { addTotp, recoveryCodesOnTheWay } from '../../domain/second-factors/change-factors.ts';
import { memberHolder } from '../../domain/second-factors/holder.ts';
import type { OtherSessions, SessionsWish } from '../../domain/second-factors/other-sessions.ts';
import { beginTotp, confirmTotp } from '../../domain/second-factors/totp-setup.ts';
import { noFields } from '../../platform/web/form-fields.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { askOthers, FACTOR_OTHERS, othersField } from '../components/other-sessions-field.ts';
import { sendCodes, shownCodesFields, totpFields } from '../components/second-factor-forms.ts';
import { browserSession } from '../routing/browser-session.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { noteProven, type PendingSignIn } from './pending-sign-in.ts';
import type { SetUpPage } from './set-up-pages.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';
import { SIGN_INS, settingUp } from './who.ts';

type Page = Extract<SetUpPage, { page: 'set-up' }>;
/** Whoever must have a second factor and has none sets one up on the way in. */
export const SET_UP_ROUTES: CommunityRoute[] = SIGN_INS.flatMap(({ path, params }) => [
  route({
    method: 'GET',
    path: `${path}/set-up`,
    params,
    who: settingUp,
    async handle({ parts, request, who: { pending, target } }) {
      request.page(await setUpPage(parts, request, pending, target), {
        leaves: target.interaction !== undefined,
      });
    },
  }),
  route({
    method: 'POST',
    path: `${path}/set-up`,
    params,
    who: settingUp,
    form: totpFields,
    async handle({ parts, request, who: { pending, target }, form: { setup, code, others } }) {
      const confirmed = confirmTotp(parts.sealer, pending.personId, { setup, code });
      if (typeof confirmed === 'string') {
        const page = await setUpPage(parts, request, pending, target, { setup, others });
        request.page({ ...page, fault: confirmed }, { status: 400 });
        return;
      }
      const wish = await wishOf(request, pending, others);
      await addTotp(parts, memberHolder(request, pending), confirmed, wish, {
        onlyAsFirst: pending.provenAmr === null,
        also: (tx) => noteProven(tx, request, pending, ['otp']),
      });
      await showCodesOnce(parts, request, pending, target);
    },
  }),
  route({
    method: 'POST',
    path: `${path}/set-up/passkey/options`,
    params,
    who: settingUp,
    form: noFields,
    async handle({ parts, request, who: { pending } }) {
      const place = communityPlace(parts.config, request);
      const options = await beginRegistration(parts, place, await whoIs(request, pending));
      request.ctx.type = 'json';
      request.ctx.body = { options };
    },
  }),
  route({
    method: 'POST',
    path: `${path}/set-up/passkey`,
    params,
    who: settingUp,
    form: z.object({ response: z.string().optional(), others: othersField(FACTOR_OTHERS) }),
    async handle({ parts, request, who: { pending, target }, form: { response, others } }) {
      const locale = localeOf(request.ctx, request.community.locale);
      const outcome = await finishRegistration(
        parts,
        communityPlace(parts.config, request),
        memberHolder(request, pending),
        { response, name: undefined, locale },
        await wishOf(request, pending, others),
        {
          onlyAsFirst: pending.provenAmr === null,
          also: (tx, amr) => noteProven(tx, request, pending, amr),
        },
      );
      if (!outcome.registered) {
        const page = await setUpPage(parts, request, pending, target, { others });
        request.page({ ...page, fault: 'passkey' }, { status: 400 });
        return;
      }
      await showCodesOnce(parts, request, pending, target);
    },
  }),
  route({
    method: 'POST',
    path: `${path}/set-up/file`,
    params,
    who: settingUp,
    form: shownCodesFields,
    handle: ({ request, form: { codes } }) => sendCodes(request, codes),
  }),
  route({
    method: 'POST',
    path: `${path}/set-up/done`,
    params,
    who: settingUp,
    form: noFields,
    async handle({ parts, request, who: { pending, target } }) {
      if (pending.provenAmr === null)
        throw new RequestError(400, 'expired', 'nothing has been set up yet');
      const amr = ['pwd', ...pending.provenAmr, 'mfa'];
      await completeSignIn(
        parts,
        request,
        { amr, credential: pending.credential, pending },
        { ...target, returnPath: pending.returnPath },
      );
    },
  }),
]);

/** The second factor counts from here on; the codes are shown before the sign-in goes on. */
async function showCodesOnce(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  const holder = memberHolder(request, pending);
  const onTheWay = { communityId: request.community.id, tokenHash: pending.tokenHash };
  const codes = await recoveryCodesOnTheWay(parts, holder, onTheWay);
  if (codes === undefined) throw new RequestError(400, 'expired', 'the sign-in is over');
  await parts.settle();
  const base = `${request.issuer.basePath}${signInPath(target)}/set-up`;
  request.page(
    {
      page: 'set-up-done',
      action: `${base}/done`,
      csrf: request.csrf(),
      codes,
      downloadUrl: `${base}/file`,
    },
    { leaves: target.interaction !== undefined },
  );
}

async function setUpPage(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
  { setup, others }: { setup?: string | undefined; others?: OtherSessions } = {},
): Promise<Page> {
  const { community, issuer } = request;
  const { personId, username } = await whoIs(request, pending);
  const base = `${issuer.basePath}${signInPath(target)}`;
  const clientId = target.interaction?.params.client_id;
  const service = clientId === undefined ? undefined : serviceOfClient(community, String(clientId));
  return {
    page: 'set-up',
    action: `${base}/set-up`,
    csrf: request.csrf(),
    service: service && { name: service.name },
    passkey: {
      action: `${base}/set-up/passkey`,
      optionsUrl: `${base}/set-up/passkey/options`,
      csrf: request.csrf(),
    },
    others: askOthers(FACTOR_OTHERS, { chosen: others }),
    restartUrl: `${base}?switch=1`,
    ...(await beginTotp(parts.sealer, { personId, username, community: community.name }, setup)),
  };
}

/** This sign-in goes on, in the session that the browser may have by a password alone. */
async function wishOf(
  request: CommunityRequest,
  { tokenHash }: PendingSignIn,
  others: OtherSessions,
): Promise<SessionsWish> {
  const { uid } = await browserSession(request);
  return { others, uid, pending: tokenHash };
}

async function whoIs(request: CommunityRequest, { subject }: PendingSignIn) {
  const member = await request.unit.member(subject);
  if (member === undefined) throw new RequestError(400, 'expired', 'the member is gone');
  return member;
}
