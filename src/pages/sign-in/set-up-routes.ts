import { addTotp, renewRecoveryCodes } from '../../domain/second-factors/change-factors.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import { beginTotp, confirmTotp } from '../../domain/second-factors/totp-setup.ts';
import type { Amr } from '../../domain/sessions/authentication.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import type { TwoFactorPage } from '../account/second-factor-pages.ts';
import { sendCodes } from '../account/second-factor-routes.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { beginRegistration, finishRegistration } from './passkey-registration.ts';
import { findPendingSignIn, noteProven, type PendingSignIn } from './pending-sign-in.ts';
import { readTarget, type SignInTarget, signInPath } from './sign-in-target.ts';

type SetUpPage = Extract<TwoFactorPage, { page: 'set-up' }>;
type Handler = (
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
) => Promise<void>;

/** Whoever must have a second factor and has none sets one up on the way in. */
export const SET_UP_ROUTES: CommunityRoutes = [
  ['GET', /^\/login(?:\/([\w-]+))?\/set-up$/, onTheWay(show)],
  ['POST', /^\/login(?:\/([\w-]+))?\/set-up$/, onTheWay(submitTotp)],
  ['POST', /^\/login(?:\/([\w-]+))?\/set-up\/passkey\/options$/, onTheWay(sendPasskeyOptions)],
  ['POST', /^\/login(?:\/([\w-]+))?\/set-up\/passkey$/, onTheWay(submitPasskey)],
  [
    'POST',
    /^\/login(?:\/([\w-]+))?\/set-up\/file$/,
    onTheWay((_parts, request) => sendCodes(request)),
  ],
  ['POST', /^\/login(?:\/([\w-]+))?\/set-up\/done$/, onTheWay(goOn)],
];

/** A browser that has not given the password begins again. */
function onTheWay(handler: Handler): CommunityRoutes[number][2] {
  return async (parts, request, [uid]) => {
    const target = await readTarget(request, uid);
    const pending = await findPendingSignIn(parts.database, request, target, 'set-up');
    // Whoever has one by now gives that one: a password alone sets up no other.
    const isDue =
      pending !== undefined &&
      (pending.provenAmr !== null ||
        !hasSecondFactor(await readFactors(parts.database, pending.personId)));
    if (isDue) await handler(parts, request, pending, target);
    else if (request.ctx.method === 'POST')
      throw new RequestError(400, 'expired', 'no sign-in on its way');
    else request.redirect(signInPath(target));
  };
}

async function show(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  request.page(await setUpPage(parts, request, pending, target), {
    leaves: target.interaction !== undefined,
  });
}

async function submitTotp(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  const { setup, code } = await request.form();
  const confirmed = confirmTotp(parts.sealer, pending.personId, { setup, code });
  if (typeof confirmed === 'string') {
    const page = await setUpPage(parts, request, pending, target, setup);
    request.page({ ...page, fault: confirmed }, { status: 400 });
    return;
  }
  await addTotp(parts, request, pending, confirmed, { onlyAsFirst: pending.provenAmr === null });
  await showCodesOnce(parts, request, pending, target, ['otp']);
}

async function sendPasskeyOptions(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
): Promise<void> {
  await request.form();
  const options = await beginRegistration(parts, request, await whoIs(request, pending));
  request.ctx.type = 'json';
  request.ctx.body = { options };
}

async function submitPasskey(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  const { response } = await request.form();
  const { personId, subject } = pending;
  const answer = { response, name: undefined };
  const onlyAsFirst = pending.provenAmr === null;
  const whose = { personId, subject };
  const outcome = await finishRegistration(parts, request, whose, answer, { onlyAsFirst });
  if (!outcome.registered) {
    const page = await setUpPage(parts, request, pending, target);
    request.page({ ...page, fault: 'passkey' }, { status: 400 });
    return;
  }
  await showCodesOnce(parts, request, pending, target, outcome.amr);
}

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

async function goOn(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  await request.form();
  if (pending.provenAmr === null)
    throw new RequestError(400, 'expired', 'nothing has been set up yet');
  const amr = ['pwd', ...pending.provenAmr, 'mfa'];
  await completeSignIn(
    parts,
    request,
    { amr, restsOn: pending.restsOn, pending },
    { ...target, returnPath: pending.returnPath },
  );
}

async function setUpPage(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
  setup?: string,
): Promise<SetUpPage> {
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
    restartUrl: `${base}?switch=1`,
    ...(await beginTotp(parts.sealer, { personId, username, community: community.name }, setup)),
  };
}

async function whoIs(request: CommunityRequest, { subject }: PendingSignIn) {
  const member = await request.unit.member(subject);
  if (member === undefined) throw new RequestError(400, 'expired', 'the member is gone');
  return member;
}
