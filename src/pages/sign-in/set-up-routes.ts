import { z } from 'zod';
import { addTotp, renewRecoveryCodes } from '../../domain/second-factors/change-factors.ts';
import type { OtherSessions, SessionsWish } from '../../domain/second-factors/other-sessions.ts';
import { beginTotp, confirmTotp } from '../../domain/second-factors/totp-setup.ts';
import type { Amr } from '../../domain/sessions/authentication.ts';
import { noFields } from '../../platform/web/form-fields.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { askOthers, FACTOR_OTHERS, othersField } from '../components/other-sessions-field.ts';
import { sendCodes, shownCodesFields, totpFields } from '../components/second-factor-forms.ts';
import { browserSession } from '../routing/browser-session.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { beginRegistration, finishRegistration } from './passkey-registration.ts';
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
      await addTotp(parts, request, pending, confirmed, wish, {
        onlyAsFirst: pending.provenAmr === null,
      });
      await showCodesOnce(parts, request, pending, target, ['otp']);
    },
  }),
  route({
    method: 'POST',
    path: `${path}/set-up/passkey/options`,
    params,
    who: settingUp,
    form: noFields,
    async handle({ parts, request, who: { pending } }) {
      const options = await beginRegistration(parts, request, await whoIs(request, pending));
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
      const { personId, subject } = pending;
      const answer = { response, name: undefined };
      const onlyAsFirst = pending.provenAmr === null;
      const whose = { personId, subject };
      const wish = await wishOf(request, pending, others);
      const outcome = await finishRegistration(parts, request, whose, answer, wish, {
        onlyAsFirst,
      });
      if (!outcome.registered) {
        const page = await setUpPage(parts, request, pending, target, { others });
        request.page({ ...page, fault: 'passkey' }, { status: 400 });
        return;
      }
      await showCodesOnce(parts, request, pending, target, outcome.amr);
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
  amr: Amr[],
): Promise<void> {
  await noteProven(parts.database, request, pending, amr);
  const codes = await renewRecoveryCodes(parts, request, pending);
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
