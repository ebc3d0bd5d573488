import type Provider from 'oidc-provider';
import { ACR_MULTI_FACTOR, ACR_SINGLE_FACTOR } from '../../domain/sessions/authentication.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admitInteraction } from './load-interaction.ts';

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Where a sign-in leads: back to the app that asked for it, or to a page of ours. */
export type SignInTarget = {
  interaction?: Interaction | undefined;
  /** Path below the issuer; the home without one. */
  returnPath?: string | undefined;
};

/**
 * Reads the target of a page below `/login` or `/login/UID`.
 * @returns undefined when this browser has answered the app's request, and is led on
 * @throws RequestError 400 `expired`
 */
export async function readTarget(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: CommunityRequest,
  uid: string | undefined,
): Promise<SignInTarget | undefined> {
  if (uid === undefined) return {};
  const interaction = await admitInteraction(parts, request, 'login', uid);
  return interaction && { interaction };
}

/** Path below the issuer of the sign-in's pages. The browser's note of the app's request is sent there only. */
export function signInPath({ interaction }: SignInTarget): string {
  return interaction === undefined ? '/login' : `/login/${interaction.uid}`;
}

/** A path below the issuer that a form of ours named; undefined for anything that could lead elsewhere. */
export function safeReturnPath(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 500) return undefined;
  return /^\/(?![/\\])[\w\-./?=&%~]*$/.test(value) && !/^\/(login|oidc)\b/.test(value)
    ? value
    : undefined;
}

/** The values of an essential `acr` (OpenID Connect Core §5.5.1.1) that the app asks for; none: it does not. */
export function essentialAcr({ interaction }: SignInTarget): string[] {
  if (interaction === undefined) return [];
  const { prompt, params } = interaction;
  const asked = (prompt.details as { acr?: { value?: string; values?: string[] } }).acr;
  if (asked !== undefined) return asked.values ?? (asked.value === undefined ? [] : [asked.value]);
  const claims = typeof params.claims === 'string' ? JSON.parse(params.claims) : {};
  const acr = claims?.id_token?.acr;
  if (acr?.essential !== true) return [];
  return acr.values ?? (acr.value === undefined ? [] : [acr.value]);
}

/** Whether the app takes nothing less than two factors. */
export function asksForTwoFactors(target: SignInTarget): boolean {
  const wanted = essentialAcr(target);
  return wanted.includes(ACR_MULTI_FACTOR) && !wanted.includes(ACR_SINGLE_FACTOR);
}
