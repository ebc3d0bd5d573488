import { decodeJwt } from 'jose';
import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { mayBeClaimedByOthers } from '../../domain/clients/app-addresses.ts';
import type { Community } from '../../domain/communities/community.ts';
import { accessTo } from '../../domain/memberships/member.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import { ACR_MULTI_FACTOR, ACR_SINGLE_FACTOR } from '../../domain/sessions/authentication.ts';
import { serviceOfClient } from './clients.ts';
import { currentUnit } from './request-scope.ts';

const { Check, Prompt, base } = interactionPolicy;

/**
 * The questions between an app's request and its code, in order: who are you (login), may you use
 * this service (access), do you know what it gets (consent).
 */
export function buildPolicy(community: Community): ReturnType<typeof base> {
  const policy = base();
  const login = policy.get('login');
  login?.checks.add(checkMembership());
  login?.checks.remove('id_token_hint');
  login?.checks.add(checkIdTokenHint());
  login?.checks.remove('essential_acr');
  login?.checks.remove('essential_acrs');
  login?.checks.add(checkEssentialAcr());
  login?.checks.add(checkSecondFactor(community));
  login?.checks.add(checkAcrValues());
  login?.checks.add(checkAsked('select_account', 'account_selection_required'));
  login?.checks.add(checkAsked('create', 'interaction_required'));
  for (const name of ANSWERED_BY_LOGIN) policy.add(answeredByLogin(name));
  policy.get('consent')?.checks.remove('native_client_prompt');
  policy.get('consent')?.checks.add(checkClaimable(community));
  policy.add(
    new Prompt(
      { name: 'access', requestable: false },
      new Check(
        'no_access',
        'the member may not use this service',
        'access_denied',
        async (ctx) => {
          const denial = await findDenial(community, ctx);
          return denial === undefined ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
        },
      ),
    ),
    1,
  );
  return policy;
}

/** A membership may be over that nobody has ended yet: its session is as good as none. */
function checkMembership(): InstanceType<typeof Check> {
  return new Check(
    'no_membership',
    'nobody who may is signed in',
    'login_required',
    async (ctx) => {
      const subject = ctx.oidc.session?.accountId;
      const member = subject === undefined ? undefined : await currentUnit().member(subject);
      return subject === undefined || member?.status === 'active'
        ? Check.NO_NEED_TO_PROMPT
        : Check.REQUEST_PROMPT;
    },
  );
}

/** `prompt` values whose question is that of `login`, with more on its page. */
const ANSWERED_BY_LOGIN = ['select_account', 'create'];

/** What apps may ask for by `prompt` (OpenID Connect Core §3.1.2.1, Initiating User Registration 1.0 §4). */
export function promptValues(community: Community): string[] {
  return ['none', ...buildPolicy(community).flatMap((one) => (one.requestable ? [one.name] : []))];
}

/** Makes a value of `prompt` known to the provider, with no question of its own. */
function answeredByLogin(name: string): InstanceType<typeof Prompt> {
  const prompt = new Prompt({ name, requestable: true });
  prompt.checks.clear();
  return prompt;
}

function checkAsked(prompt: string, error: string): InstanceType<typeof Check> {
  return new Check(`${prompt}_prompt`, `${prompt} prompt was not resolved`, error, ({ oidc }) =>
    oidc.prompts.has(prompt) && oidc.result?.login === undefined
      ? Check.REQUEST_PROMPT
      : Check.NO_NEED_TO_PROMPT,
  );
}

/**
 * RFC 8252 §8.6: where another program could take what comes back, and so pass for the app, the member is
 * asked each time. The https address of a native client is nobody else's.
 */
function checkClaimable(community: Community): InstanceType<typeof Check> {
  return new Check(
    'native_client_prompt',
    'native clients require End-User interaction',
    'interaction_required',
    ({ oidc }) => {
      const service = serviceOfClient(community, oidc.client?.clientId ?? '');
      if (service?.client?.kind !== 'native' || oidc.result?.consent !== undefined)
        return Check.NO_NEED_TO_PROMPT;
      const uri = oidc.params?.redirect_uri;
      // A device has no address to come back to.
      return typeof uri !== 'string' || mayBeClaimedByOthers(uri)
        ? Check.REQUEST_PROMPT
        : Check.NO_NEED_TO_PROMPT;
    },
  );
}

/**
 * Core §3.1.2.1: the member whom `id_token_hint` means must be the one signed in. The provider's own check
 * looks at the hint before a sign-in and not after it: whoever signs in would be let in.
 */
function checkIdTokenHint(): InstanceType<typeof Check> {
  return new Check(
    'id_token_hint',
    'id_token_hint and authenticated subject do not match',
    'login_required',
    (ctx) => {
      // Its signature was verified when the request came; the request was in our hands since.
      const hint = ctx.oidc.params?.id_token_hint;
      if (typeof hint !== 'string') return Check.NO_NEED_TO_PROMPT;
      return decodeJwt(hint).sub === ctx.oidc.session?.accountId
        ? Check.NO_NEED_TO_PROMPT
        : Check.REQUEST_PROMPT;
    },
  );
}

/**
 * OpenID Connect Core §5.5.1.1: an app that insists on one factor takes two as well, which the provider's own
 * checks do not know. Whoever has a second factor could not open that app at all.
 */
function checkEssentialAcr(): InstanceType<typeof Check> {
  return new Check(
    'essential_acr',
    'none of the requested ACRs could be obtained',
    (ctx) => {
      const asked = essentialAcrOf(ctx);
      if (asked === undefined) return Check.NO_NEED_TO_PROMPT;
      const reached = ctx.oidc.session?.acr;
      const suffices =
        asked.includes(reached ?? '') ||
        (reached === ACR_MULTI_FACTOR && asked.includes(ACR_SINGLE_FACTOR));
      return suffices ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    },
    ({ oidc }) => ({ acr: oidc.claims.id_token?.acr }),
  );
}

/** @throws InvalidRequest when `values` is no list */
function essentialAcrOf({ oidc }: KoaContextWithOIDC): unknown[] | undefined {
  const acr = oidc.claims?.id_token?.acr;
  if (!acr?.essential) return undefined;
  if (acr.values !== undefined && !Array.isArray(acr.values))
    throw new errors.InvalidRequest('invalid claims.id_token.acr.values type');
  return acr.values ?? (acr.value === undefined ? undefined : [acr.value]);
}

/** A session from before the community asked for a second factor, or before the member became an admin. */
function checkSecondFactor(community: Community): InstanceType<typeof Check> {
  return new Check(
    'second_factor',
    'the community asks for a second factor',
    'login_required',
    async (ctx) => {
      const { session } = ctx.oidc;
      if (session?.accountId === undefined || session.acr === ACR_MULTI_FACTOR)
        return Check.NO_NEED_TO_PROMPT;
      const member = await currentUnit().member(session.accountId);
      const asked = member !== undefined && secondFactorRequirement(community, member).inForce;
      return asked ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
    },
  );
}

/**
 * An app that would rather have two factors gets them of whoever has a second one (`acr_values`, Core
 * §3.1.2.1: voluntary, in the order of preference).
 */
function checkAcrValues(): InstanceType<typeof Check> {
  return new Check('acr_values', 'the app asks for two factors', 'login_required', async (ctx) => {
    const { session, params } = ctx.oidc;
    const [preferred] = String(params?.acr_values ?? '')
      .split(' ')
      .filter((acr) => acr === ACR_MULTI_FACTOR || acr === ACR_SINGLE_FACTOR);
    const asked = preferred === ACR_MULTI_FACTOR && session?.acr !== ACR_MULTI_FACTOR;
    if (!asked || session?.accountId === undefined) return Check.NO_NEED_TO_PROMPT;
    const member = await currentUnit().member(session.accountId);
    return member?.secondFactor === true ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
}

async function findDenial(
  community: Community,
  ctx: KoaContextWithOIDC,
): Promise<string | undefined> {
  const service = serviceOfClient(community, ctx.oidc.client?.clientId ?? '');
  const subject = ctx.oidc.session?.accountId;
  const member = subject === undefined ? undefined : await currentUnit().member(subject);
  if (service === undefined || member === undefined) return 'unknown';
  const access = accessTo(community, service, member);
  return access.allowed ? undefined : access.reason;
}
