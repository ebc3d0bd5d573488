import { errors } from 'oidc-provider';
import type { Community } from '../../domain/communities/community.ts';
import type { FloodGuard, Storer } from '../../platform/throttles/flood-guard.ts';
import type { Payload } from './changes.ts';
import { serviceOfClient } from './clients.ts';

/**
 * The longest that an app may send of each parameter that is kept until its request is answered, in characters.
 * Wide: `state` is a sealed note of the app's own in some frameworks, of one or two thousand.
 */
const LONGEST: Record<string, number> = {
  acr_values: 512,
  claims: 2_048,
  client_id: 255,
  code_challenge: 128,
  id_token_hint: 8_192,
  login_hint: 512,
  nonce: 1_024,
  redirect_uri: 2_048,
  scope: 1_024,
  state: 4_096,
  ui_locales: 256,
};
const LONGEST_OTHER = 256;
/** All of them together; an ID token, which is one of ours, aside. */
const LONGEST_IN_ALL = 8_192;
/** What becomes of parameters in codes and tokens. */
const KEPT_AS: Record<string, string> = {
  claims: 'claims',
  codeChallenge: 'code_challenge',
  nonce: 'nonce',
  redirectUri: 'redirect_uri',
  scope: 'scope',
};

/**
 * What an app sent is kept only if it is no longer than apps need.
 * @throws InvalidRequest, which goes to the app where it can
 */
export function refuseOversized(kind: string, payload: Payload): void {
  let sum = 0;
  for (const [name, value] of parametersOf(kind, payload)) {
    const { length } = typeof value === 'string' ? value : JSON.stringify(value);
    if (length > (LONGEST[name] ?? LONGEST_OTHER))
      throw new errors.InvalidRequest(`the parameter '${name}' is too long`);
    if (name !== 'id_token_hint') sum += length;
  }
  if (sum > LONGEST_IN_ALL) throw new errors.InvalidRequest('the request is too long');
}

function parametersOf(kind: string, payload: Payload): [name: string, value: unknown][] {
  if (kind === 'Session' || kind === 'Grant') return [];
  const own = Object.entries(KEPT_AS).map(([key, name]) => [name, payload[key]] as const);
  const sent = Object.entries((payload.params ?? pushedClaims(payload) ?? {}) as Payload);
  return [...own, ...sent].filter(([, value]) => value != null) as [string, unknown][];
}

/** What was pushed is kept as a JWT, which the hub made (RFC 9126 §2.2). */
function pushedClaims({ request }: Payload): Payload | undefined {
  if (typeof request !== 'string') return undefined;
  const text = Buffer.from(request.split('.')[1] ?? '', 'base64url').toString();
  const { iss, aud, iat, exp, nbf, ...claims } = JSON.parse(text);
  return claims;
}

const KEPT_FOR_ANYBODY = new Set([
  'DeviceCode',
  'Interaction',
  'PushedAuthorizationRequest',
  'Session',
]);

/** Seconds that a request waits of which the hub has heard nothing since its page was sent. */
const UNANSWERED = 20 * 60;
/** The same while strangers have very many of them stored. */
const UNANSWERED_IN_A_FLOOD = 3 * 60;

/**
 * Counts a new row for whoever has it stored, before it is.
 * @returns seconds that it may be kept, where that is less than it asks for
 * @throws TooManyError
 */
export type AdmitRow = (kind: string, payload: Payload) => number | undefined;

export function rowAdmission(floods: FloodGuard, community: Community, ip: string): AdmitRow {
  return (kind, payload) => {
    if (!KEPT_FOR_ANYBODY.has(kind)) return undefined;
    const storer = storerOf(community, kind, payload) ?? { ip };
    // A session that a sign-in opens is the member's, whose credential was checked.
    if (kind !== 'Session' || 'ip' in storer) floods.admit(storer, 1);
    if (kind !== 'Interaction') return undefined;
    return floods.isFlooded() ? UNANSWERED_IN_A_FLOOD : UNANSWERED;
  };
}

/** The member or the app that a row is stored for; undefined for somebody whom nobody knows yet. */
function storerOf(community: Community, kind: string, payload: Payload): Storer | undefined {
  if (kind === 'Session' || kind === 'Interaction') {
    const { accountId } = (kind === 'Session' ? payload : (payload.session ?? {})) as {
      accountId?: string;
    };
    return accountId === undefined ? undefined : { member: accountId };
  }
  const clientId = String(payload.clientId ?? pushedClaims(payload)?.client_id);
  // With a secret it has proved itself by now.
  const hasSecret = serviceOfClient(community, clientId)?.client?.sealedSecret != null;
  return hasSecret ? { app: `${community.id} ${clientId}` } : undefined;
}
