import {
  type ClientKind,
  clientUriFault,
  initiateLoginUriFault,
  redirectUriFault,
  webUriFault,
} from '../clients/app-addresses.ts';
import { PASSWORD_MAX_BYTES } from '../people/password.ts';
import { PASSWORD_MIN_CHARACTERS, passwordFault } from '../people/password-rule.ts';
import type { Fault } from '../refused-changes.ts';
import type { ClientChange } from './service-change.ts';

export const CLIENT_GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const;
export const CLIENT_SCOPES = [
  'openid',
  'profile',
  'email',
  'groups',
  'community',
  'localpart',
  'offline_access',
] as const;

export function clientIdFault(value: string): string | undefined {
  return /^[\x21-\x7e]{1,255}$/.test(value)
    ? undefined
    : 'must have 1 to 255 printable ASCII characters, without spaces';
}

/** What is wrong with a client's secret (VSCHAR of RFC 6749 appendix A.2); undefined when nothing is. */
export function clientSecretFault(value: string): string | undefined {
  return /^[\x20-\x7e]*$/.test(value) ? readerPasswordFault(value) : 'must be printable ASCII';
}

/** What is wrong with a password that a program has; undefined when nothing is. */
export function readerPasswordFault(value: string): string | undefined {
  const fault = passwordFault(value);
  if (fault === 'too-short') return `must have at least ${PASSWORD_MIN_CHARACTERS} characters`;
  return fault === 'too-long' ? `must have at most ${PASSWORD_MAX_BYTES} bytes` : undefined;
}

/** What is wrong with the values of a client, each for itself. */
export function clientFaults(client: ClientChange): Fault[] {
  const faults: Fault[] = [];
  const check = (path: Fault['path'], subject: string, fault: string | undefined) => {
    if (fault !== undefined) faults.push({ code: 'value', path, subject, fault });
  };
  const { id, secret, redirectUris = [], postLogoutRedirectUris = [] } = client;
  if (id !== undefined) check(['id'], 'the client id', clientIdFault(id));
  if (secret !== undefined) check(['secret'], 'the secret', clientSecretFault(secret));
  for (const [index, uri] of redirectUris.entries())
    check(['redirectUris', index], `the redirect address "${uri}"`, redirectUriFault(uri));
  for (const [index, uri] of postLogoutRedirectUris.entries())
    check(
      ['postLogoutRedirectUris', index],
      `the address after a sign-out "${uri}"`,
      redirectUriFault(uri),
    );
  const { backchannelLogoutUri: logout, initiateLoginUri: login } = client;
  if (logout != null)
    check(['backchannelLogoutUri'], `the address of logouts "${logout}"`, webUriFault(logout));
  if (login != null)
    check(['initiateLoginUri'], `the address of sign-ins "${login}"`, initiateLoginUriFault(login));
  const unknown = client.scopes?.find((scope) => !CLIENT_SCOPES.some((known) => known === scope));
  if (unknown !== undefined)
    check(['scopes'], `the scope "${unknown}"`, `is none of ${CLIENT_SCOPES.join(', ')}`);
  const other = client.grants?.find((grant) => !CLIENT_GRANTS.some((known) => known === grant));
  if (other !== undefined)
    check(['grants'], `the grant "${other}"`, `is none of ${CLIENT_GRANTS.join(', ')}`);
  return faults;
}

/** A client, as far as its parts can contradict one another. */
export type ClientParts = {
  kind: ClientKind;
  lanHttp: boolean;
  auth: unknown;
  hasSecret: boolean;
  pkce: unknown;
  grants: readonly string[];
  redirectUris: readonly string[];
  postLogoutRedirectUris: readonly string[];
};

/** What makes a client contradict itself, or the provider refuse it. */
export function clientContradictions(client: ClientParts): Fault[] {
  return [...authenticationFaults(client), ...addressFaults(client)];
}

function contradiction(path: Fault['path'], fault: string, subject = 'the client'): Fault {
  return { code: 'client-contradiction', path, subject, fault };
}

function authenticationFaults({ kind, auth, hasSecret, pkce, grants }: ClientParts): Fault[] {
  const isPublic = auth === 'none';
  if (kind === 'spa' && !isPublic) {
    const fault =
      'stands beside kind: spa, whose scripts everybody can read: such a client has no secret';
    return [contradiction(['auth'], fault, 'auth')];
  }
  if (!isPublic)
    return hasSecret
      ? []
      : [
          contradiction(
            ['secret'],
            'has no secret: give one (openssl rand -hex 32 makes one), or say auth: none for an app that cannot keep it',
          ),
        ];
  const faults: Fault[] = [];
  if (hasSecret) {
    const what = kind === 'spa' ? 'kind: spa' : 'auth: none';
    const fault = `stands beside ${what}, which says that this client has no secret: take one of them out`;
    faults.push(contradiction(['secret'], fault, 'the secret'));
  }
  if (pkce === false) {
    const fault =
      'cannot be false with auth: none: a client without a secret always proves itself by PKCE (RFC 9700 §2.1.1)';
    faults.push(contradiction(['pkce'], fault, 'pkce'));
  }
  if (grants.includes('client_credentials')) {
    const fault = 'has client_credentials, which needs a secret (RFC 6749 §4.4)';
    faults.push(contradiction(['grants'], fault));
  }
  return faults;
}

function addressFaults(client: ClientParts): Fault[] {
  const { kind, lanHttp, grants, redirectUris } = client;
  const faults: Fault[] = [];
  if (grants.includes('authorization_code') && redirectUris.length === 0) {
    const fault = 'has no redirectUris: give the address that the app is called back at';
    faults.push(contradiction(['redirectUris'], fault));
  }
  if (lanHttp && kind !== 'native') {
    const fault =
      'is for kind: native: other clients may have plain http in private networks without it';
    faults.push(contradiction(['lanHttp'], fault, 'lanHttp'));
  }
  for (const key of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const [index, uri] of client[key].entries()) {
      // What no client may have is told with the values.
      const fault =
        redirectUriFault(uri) === undefined ? clientUriFault(uri, { kind, lanHttp }) : undefined;
      if (fault !== undefined)
        faults.push(contradiction([key, index], fault, `the address "${uri}"`));
    }
  }
  return faults;
}
