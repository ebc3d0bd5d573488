import type Provider from 'oidc-provider';
import { ACR_SINGLE_FACTOR } from '../oidc/build-provider.ts';
import { serviceOfClient } from '../oidc/clients.ts';
import { openBrowserSession, passwordLogin, signedInMember } from '../sessions/browser-session.ts';
import type { CommunityRequest } from '../web/community-request.ts';
import type { PageModel } from '../web/page-models.ts';
import {
  checkPasswordSignIn,
  type SignInOutcome,
  type SignInParts,
} from './check-password-sign-in.ts';
import { finish } from './finish-interaction.ts';
import { rememberDevice } from './known-device.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;
type LoginPage = Extract<PageModel, { page: 'login' }>;

/** GET ISSUER/login: the member comes by themselves, not on an app's request. */
export async function showLogin(request: CommunityRequest): Promise<void> {
  if ((await signedInMember(request)) !== undefined) {
    request.redirect('/');
    return;
  }
  request.page(loginPage(request, '/login'));
}

/** POST ISSUER/login */
export async function submitLogin(parts: SignInParts, request: CommunityRequest): Promise<void> {
  const fields = await request.form();
  const outcome = await attempt(parts, request, fields);
  if (!outcome.signedIn) {
    refuse(request, loginPage(request, '/login', fields.username), outcome, { leaves: false });
    return;
  }
  await openBrowserSession(request, outcome.subject);
  admit(parts, request, outcome);
  request.redirect('/');
}

/** GET ISSUER/login/UID: an app asked who the member is. */
export async function showAppLogin(
  request: CommunityRequest,
  interaction: Interaction,
): Promise<void> {
  if (asksForMoreThanWeHave(interaction)) {
    await finish(request, {
      error: 'unmet_authentication_requirements',
      error_description: 'none of the requested ACRs can be obtained',
    });
    return;
  }
  // Signed in, and still not the one whom the app means (Core §3.1.2.1, §5.5.1): asking on would never end.
  if (wantsSomebody(interaction) && interaction.lastSubmission?.login !== undefined) {
    await finish(request, {
      error: 'login_required',
      error_description: 'somebody else signed in than was asked for',
    });
    return;
  }
  const page = await appLoginPage(request, interaction);
  request.page(page, { leaves: true });
}

/** POST ISSUER/login/UID */
export async function submitAppLogin(
  parts: SignInParts,
  request: CommunityRequest,
  interaction: Interaction,
): Promise<void> {
  const fields = await request.form();
  const outcome = await attempt(parts, request, fields);
  if (!outcome.signedIn) {
    const page = await appLoginPage(request, interaction);
    const again = { ...page, username: fields.username ?? page.username };
    refuse(request, again, outcome, { leaves: true });
    return;
  }
  const service = serviceOfClient(request.community, String(interaction.params.client_id));
  admit(parts, request, outcome, service?.id);
  await finish(request, { login: passwordLogin(outcome.subject) });
}

async function attempt(
  parts: SignInParts,
  request: CommunityRequest,
  fields: Record<string, string>,
): Promise<SignInOutcome> {
  const outcome = await checkPasswordSignIn(parts, request.ctx, {
    communityId: request.community.id,
    login: fields.username ?? '',
    password: fields.password ?? '',
    ip: request.ip,
  });
  parts.metrics.signIns.inc({ outcome: outcome.signedIn ? 'signed-in' : outcome.fault });
  return outcome;
}

/** The sign-in counts if the password still stands when it is stored. */
function admit(
  parts: SignInParts,
  request: CommunityRequest,
  outcome: Extract<SignInOutcome, { signedIn: true }>,
  serviceId?: string,
): void {
  const { subject, passwordHash } = outcome;
  request.unit.restOn({ subject, passwordHash });
  request.unit.record({
    type: 'member.signed-in',
    actor: `member:${subject}`,
    subject,
    serviceId,
    details: { amr: ['pwd'] },
  });
  const path = request.issuer.basePath === '' ? '/' : request.issuer.basePath;
  rememberDevice(request.ctx, parts.sealer, request.community.id, subject, path);
}

function refuse(
  request: CommunityRequest,
  page: LoginPage,
  outcome: Exclude<SignInOutcome, { signedIn: true }>,
  { leaves }: { leaves: boolean },
): void {
  if (outcome.fault === 'throttled') {
    request.ctx.set('Retry-After', String(outcome.retryAfterSeconds));
    const retryAfterMinutes = Math.ceil(outcome.retryAfterSeconds / 60);
    // Once a window: a flood must not fill the audit trail.
    if (outcome.first) request.unit.record({ type: 'sign-in.throttled', actor: 'anonymous' });
    request.page({ ...page, fault: 'throttled', retryAfterMinutes }, { status: 429, leaves });
    return;
  }
  if (outcome.fault === 'credentials') {
    request.unit.record({ type: 'sign-in.failed', actor: 'anonymous', subject: outcome.subject });
  }
  request.page({ ...page, fault: outcome.fault }, { status: 400, leaves });
}

function loginPage(request: CommunityRequest, path: string, username?: string): LoginPage {
  return { page: 'login', action: request.issuer.basePath + path, csrf: request.csrf(), username };
}

async function appLoginPage(
  request: CommunityRequest,
  interaction: Interaction,
): Promise<LoginPage> {
  const { params, session } = interaction;
  const service = serviceOfClient(request.community, String(params.client_id));
  const hint = typeof params.login_hint === 'string' ? params.login_hint : undefined;
  const page = {
    ...loginPage(request, `/login/${interaction.uid}`, hint),
    service: service && { name: service.name },
  };
  const known =
    session?.accountId === undefined ? undefined : await request.unit.member(session.accountId);
  const isSwitch = request.ctx.query.switch !== undefined || wantsSomebody(interaction);
  if (known?.status !== 'active' || isSwitch) return page;
  return {
    ...page,
    username: known.username,
    reauthenticate: {
      displayName: known.displayName,
      switchAction: `${page.action}?switch=1`,
    },
  };
}

/** The app asks for one member by `id_token_hint` or by the value of `sub`, who is not the one signed in. */
function wantsSomebody({ prompt }: Interaction): boolean {
  return prompt.reasons.some(
    (reason) => reason === 'id_token_hint' || reason === 'claims_id_token_sub_value',
  );
}

/** An essential `acr` (Core §5.5.1.1) that no sign-in here can reach: better a clear no than a loop. */
function asksForMoreThanWeHave({ prompt, session }: Interaction): boolean {
  const essential = prompt.reasons.some(
    (reason) => reason === 'essential_acr' || reason === 'essential_acrs',
  );
  if (!essential) return false;
  const asked = (prompt.details as { acr?: { value?: string; values?: string[] } }).acr;
  const wanted = asked?.values ?? (asked?.value === undefined ? [] : [asked.value]);
  return session?.acr === ACR_SINGLE_FACTOR || !wanted.includes(ACR_SINGLE_FACTOR);
}
