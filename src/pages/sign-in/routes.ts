import { z } from 'zod';
import { isOpenToNewcomers } from '../../domain/communities/open-to-newcomers.ts';
import type { Done } from '../../domain/done-steps/done-step.ts';
import { ACR_MULTI_FACTOR, ACR_SINGLE_FACTOR } from '../../domain/sessions/authentication.ts';
import { present, typed } from '../../platform/web/form-fields.ts';
import { paceRefusal } from '../../platform/web/pace-refusal.ts';
import type { PageModel } from '../../platform/web/pages.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { browserSession } from '../routing/browser-session.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { formIn, leadOn } from '../routing/done-steps.ts';
import { signedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { proceedAfterPassword } from './after-password.ts';
import { goOnAfterRegistration, leadToRegistration } from './app-waiting.ts';
import { checkPasswordSignIn, type SignInOutcome } from './check-password-sign-in.ts';
import { finish } from './finish-interaction.ts';
import { showClosedMembership } from './show-closed-membership.ts';
import {
  essentialAcr,
  type Interaction,
  type SignInTarget,
  safeReturnPath,
  signInPath,
} from './sign-in-target.ts';
import { appRequest, appRequestParams, appSignIn } from './who.ts';

/** What another page did, told on the one that it led to. */
const NOTICES = ['signed-out', 'password-changed', 'joined', 'requested'] as const;

type LoginPage = Extract<PageModel, { page: 'login' }>;
/** What is left once a closed account has its answer. */
type Attempt = Exclude<SignInOutcome, { fault: 'closed' }>;
type Refusal = Exclude<Attempt, { signedIn: true }>;

const credentials = z.object({
  username: z.string().optional(),
  password: typed,
  return_to: z.string().optional(),
});
/** What the page is opened with, besides what it reads of it itself. */
const loginQuery = z.object({
  return_to: z.string().optional().catch(undefined),
  again: present,
});

export const LOGIN_ROUTES: CommunityRoute[] = [
  // The member comes by themselves, or a page asks that they prove who they are again.
  route({
    method: 'GET',
    path: '/login',
    who: anyone,
    query: loginQuery,
    async handle({ request, query }) {
      const returnPath = safeReturnPath(query.return_to);
      const again = query.again && returnPath !== undefined;
      if (!again && (await signedIn(request)) !== undefined) {
        request.redirect(returnPath ?? '/');
        return;
      }
      request.page(await ownLoginPage(request, { returnPath }));
    },
  }),
  route({
    method: 'POST',
    path: '/login',
    who: anyone,
    form: credentials,
    hashes: true,
    async handle({ parts, request, form }) {
      const target = { returnPath: safeReturnPath(form.return_to) };
      const outcome = await attempt(parts, request, form, target);
      if (outcome === undefined) return;
      if (outcome.signedIn) {
        const step = formIn(request, outcome.subject);
        await proceedAfterPassword(parts, request, outcome, target, step);
        return;
      }
      const page = await ownLoginPage(request, target);
      refuse(request, { ...page, username: form.username ?? page.username }, outcome);
    },
  }),
  // An app asked who the member is.
  route({
    method: 'GET',
    path: '/login/:uid',
    params: appRequestParams,
    who: appRequest('login'),
    async handle({ parts, request, who: interaction }) {
      if (asksForMoreThanWeHave(interaction)) {
        await finish(parts, request, interaction, {
          error: 'unmet_authentication_requirements',
          error_description: 'none of the requested ACRs can be obtained',
        });
        return;
      }
      // Signed in, and still not the one whom the app means (Core §3.1.2.1, §5.5.1): asking on would never end.
      if (wantsSomebody(interaction) && interaction.lastSubmission?.login !== undefined) {
        await finish(parts, request, interaction, {
          error: 'login_required',
          error_description: 'somebody else signed in than was asked for',
        });
        return;
      }
      if (await goOnAfterRegistration(parts, request, interaction)) return;
      if (await leadToRegistration(request, interaction)) return;
      request.page(await appLoginPage(request, interaction), { leaves: true });
    },
  }),
  route({
    method: 'POST',
    path: '/login/:uid',
    params: appRequestParams,
    who: appSignIn,
    form: credentials,
    hashes: true,
    async handle({ parts, request, who: interaction, form }) {
      const target = 'doneAt' in interaction ? {} : { interaction };
      const outcome = await attempt(parts, request, form, target);
      if (outcome === undefined) return;
      if ('doneAt' in interaction) return leadProven(request, interaction, outcome);
      if (outcome.signedIn) {
        await proceedAfterPassword(parts, request, outcome, target);
        return;
      }
      const page = await appLoginPage(request, interaction);
      refuse(request, { ...page, username: form.username ?? page.username }, outcome, true);
    },
  }),
];

/** The app's request was answered before: who proves to be the same member is led where that led. */
async function leadProven(request: CommunityRequest, done: Done, outcome: Attempt): Promise<void> {
  const isTheirs = outcome.signedIn && outcome.subject === done.subject;
  if (isTheirs && (await leadOn(request, done))) return;
  if (!outcome.signedIn) noteRefusal(request, outcome);
  const homeUrl = request.issuer.basePath || '/';
  request.page({ page: 'error', status: 400, kind: 'expired', homeUrl }, { status: 400 });
}

/** @returns undefined when the answer is given: the account is closed */
async function attempt(
  parts: WebParts,
  request: CommunityRequest,
  fields: z.output<typeof credentials>,
  target: SignInTarget,
): Promise<Attempt | undefined> {
  const outcome = await checkPasswordSignIn(parts, request.ctx, request.passwords(), {
    communityId: request.community.id,
    login: fields.username ?? '',
    password: fields.password,
    ip: request.ip,
  });
  if (!outcome.signedIn && outcome.fault === 'closed') {
    await showClosedMembership(parts, request, { ...outcome, using: 'password' }, target);
    return undefined;
  }
  parts.metrics.signIns.inc({ outcome: outcome.signedIn ? 'signed-in' : outcome.fault });
  return outcome;
}

/** The sign-in page as it was shown for this target. */
export function loginPageFor(request: CommunityRequest, target: SignInTarget): Promise<LoginPage> {
  const { interaction } = target;
  return interaction === undefined
    ? ownLoginPage(request, target)
    : appLoginPage(request, interaction);
}

/** `leaves`: an app waits at the end. */
function refuse(
  request: CommunityRequest,
  page: LoginPage,
  outcome: Refusal,
  leaves = false,
): void {
  noteRefusal(request, outcome);
  if (outcome.fault === 'throttled') {
    request.ctx.set('Retry-After', String(outcome.retryAfterSeconds));
    const retryAfterMinutes = Math.ceil(outcome.retryAfterSeconds / 60);
    request.page({ ...page, fault: 'throttled', retryAfterMinutes }, { status: 429, leaves });
    return;
  }
  request.page({ ...page, fault: outcome.fault }, { status: 400, leaves });
}

/** What a refusal leaves on the audit trail, and its pace. */
function noteRefusal({ ctx, unit }: CommunityRequest, outcome: Refusal): void {
  const wasTried = outcome.fault === 'credentials' || 'tried' in outcome;
  paceRefusal(ctx, wasTried ? 'worked' : 'spared');
  const fail = (subject: string | undefined) =>
    unit.record({ type: 'sign-in.failed', actor: 'anonymous', subject });
  if (outcome.fault === 'credentials') fail(outcome.subject);
  if (outcome.fault !== 'throttled') return;
  // Once a window: a flood must not fill the audit trail.
  if (outcome.first) unit.record({ type: 'sign-in.throttled', actor: 'anonymous' });
  if (outcome.tried !== undefined) fail(outcome.tried.subject);
}

function loginPage(request: CommunityRequest, target: SignInTarget, username?: string): LoginPage {
  return {
    page: 'login',
    action: request.issuer.basePath + signInPath(target),
    csrf: request.csrf(),
    username,
    returnTo: target.returnPath,
    notice: NOTICES.find((one) => one === request.ctx.query.notice),
    recoverUrl: `${request.issuer.basePath}/recover`,
    registerUrl: isOpenToNewcomers(request.community)
      ? request.issuer.basePath +
        (target.interaction === undefined ? '/register' : `${signInPath(target)}?register`)
      : undefined,
  };
}

/** Whoever is signed in already is asked by name. */
async function ownLoginPage(request: CommunityRequest, target: SignInTarget): Promise<LoginPage> {
  const page = loginPage(request, target);
  const { accountId } = await browserSession(request);
  if (accountId === undefined || request.ctx.query.switch !== undefined) return page;
  const back = new URLSearchParams({ switch: '1', return_to: target.returnPath ?? '/' });
  return nameKnown(request, page, accountId, `${page.action}?${back}`);
}

async function appLoginPage(
  request: CommunityRequest,
  interaction: Interaction,
): Promise<LoginPage> {
  const { params, session } = interaction;
  const service = serviceOfClient(request.community, String(params.client_id));
  const hint = typeof params.login_hint === 'string' ? params.login_hint : undefined;
  const page = {
    ...loginPage(request, { interaction }, hint),
    service: service && { name: service.name },
  };
  const isSwitch = request.ctx.query.switch !== undefined || wantsSomebody(interaction);
  if (session?.accountId === undefined || isSwitch) return page;
  return nameKnown(request, page, session.accountId, `${page.action}?switch=1`);
}

async function nameKnown(
  request: CommunityRequest,
  page: LoginPage,
  subject: string,
  switchAction: string,
): Promise<LoginPage> {
  const known = await request.unit.member(subject);
  if (known?.status !== 'active') return page;
  return {
    ...page,
    username: known.username,
    reauthenticate: { displayName: known.displayName, switchAction },
  };
}

/** The app asks for one member by `id_token_hint` or by the value of `sub`, who is not the one signed in. */
function wantsSomebody({ prompt }: Interaction): boolean {
  return prompt.reasons.some(
    (reason) => reason === 'id_token_hint' || reason === 'claims_id_token_sub_value',
  );
}

/** An essential `acr` (Core §5.5.1.1) that no sign-in here can reach: better a clear no than a loop. */
function asksForMoreThanWeHave(interaction: Interaction): boolean {
  const { prompt, lastSubmission } = interaction;
  const essential = prompt.reasons.some(
    (reason) => reason === 'essential_acr' || reason === 'essential_acrs',
  );
  if (!essential) return false;
  const reachable = essentialAcr({ interaction }).some(
    (acr) => acr === ACR_SINGLE_FACTOR || acr === ACR_MULTI_FACTOR,
  );
  return !reachable || lastSubmission?.login !== undefined;
}
