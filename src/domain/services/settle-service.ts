import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { clientSecretContext } from '../communities/community.ts';
import type { ClientChange, ServiceChange } from './service-change.ts';
import type { ClientRow, ServiceRow } from './service-rows.ts';

/** A change, and the service before and after it. */
export type SettledService = {
  index: number;
  change: ServiceChange;
  before: ServiceRow | undefined;
  after: ServiceRow;
  /** The secret is another one; it is sealed, and so cannot be compared afterwards. */
  hasNewSecret: boolean;
};

export type SecretsOf = { communityId: string; sealer: Sealer };

/**
 * What becomes of a service. A client keeps the issuer that it was registered with, whatever hosts the
 * community has by now.
 * @param issuer of a client that is new
 * @throws SealError when a secret is given, and the stored one does not open with the hub's sealing keys
 */
export function settleService(
  change: ServiceChange,
  index: number,
  before: ServiceRow | undefined,
  issuer: string,
  secrets: SecretsOf,
): SettledService {
  const { access } = change;
  const id = before?.id ?? randomUUID();
  const client = settleClient(change.client, before?.client ?? null, issuer);
  const hasNewSecret = client !== null && isNewSecret(change.client?.secret, id, client, secrets);
  if (client !== null && hasNewSecret)
    client.sealedSecret = seal(change.client?.secret as string, id, secrets);
  const after: ServiceRow = {
    id,
    slug: change.slug,
    recipe: change.recipe ?? before?.recipe ?? 'generic-oidc',
    name: change.name ?? before?.name ?? change.slug,
    description: either(change.description, before?.description),
    icon: either(change.icon, before?.icon),
    url: either(change.url, before?.url),
    trust: change.trust ?? before?.trust ?? 'first-party',
    access:
      access === undefined
        ? (before?.access ?? 'everyone')
        : typeof access === 'object'
          ? 'groups'
          : access,
    accessGroups:
      access === undefined
        ? (before?.accessGroups ?? [])
        : typeof access === 'object'
          ? [...new Set(access.groups)].sort()
          : [],
    // Where it stands among the others is seen once all are settled.
    position: before?.position ?? 0,
    sessionHours: either(change.sessionHours, before?.sessionHours),
    reader: either(change.reader, before?.reader),
    client,
  };
  return { index, change, before, after, hasNewSecret };
}

/** What becomes of a client; one that is new gets what the change leaves unsaid. */
export function settleClient(
  change: ClientChange | null | undefined,
  before: ClientRow | null,
  issuer: string,
): ClientRow | null {
  if (change === undefined) return before;
  if (change === null) return null;
  const auth = authOf(change, before);
  const kind = kindOf(change, before);
  return {
    id: change.id ?? before?.id ?? '',
    kind,
    lanHttp: change.lanHttp ?? (kind === 'native' && before?.lanHttp === true),
    sealedSecret: auth === 'none' ? null : (before?.sealedSecret ?? null),
    issuer: before?.issuer ?? issuer,
    redirectUris: change.redirectUris ?? before?.redirectUris ?? [],
    postLogoutRedirectUris: change.postLogoutRedirectUris ?? before?.postLogoutRedirectUris ?? [],
    backchannelLogoutUri: either(change.backchannelLogoutUri, before?.backchannelLogoutUri),
    backchannelLogoutToInitiator:
      change.backchannelLogoutToInitiator ?? before?.backchannelLogoutToInitiator ?? false,
    initiateLoginUri: either(change.initiateLoginUri, before?.initiateLoginUri),
    grants: change.grants ?? before?.grants ?? ['authorization_code', 'refresh_token'],
    auth,
    // Whoever says anew how the secret is sent says it whole.
    authOnly:
      change.authOnly ?? (change.auth === undefined && auth === before?.auth && before.authOnly),
    idTokenAlg: change.idTokenAlg ?? before?.idTokenAlg ?? 'RS256',
    scopes: change.scopes ?? before?.scopes ?? ['openid', 'profile', 'email'],
    claimsIn: change.claimsIn ?? before?.claimsIn ?? 'both',
    // A client that loses its secret has nothing else to prove itself by, and the secret of a program that
    // everybody has is everybody's (RFC 8252 §8.5).
    pkce: change.pkce ?? (auth === 'none' ? true : (before?.pkce ?? kind === 'native')),
  };
}

/** Whoever gives a secret, and says nothing else, makes a client that had none a confidential one. */
function authOf(change: ClientChange, before: ClientRow | null): ClientRow['auth'] {
  if (change.auth !== undefined) return change.auth;
  if (change.kind === 'spa') return 'none';
  if (before === null || (before.auth === 'none' && change.secret !== undefined))
    return 'client_secret_basic';
  return before.auth;
}

/** A client that gets a secret is no page in a browser any more. */
function kindOf(change: ClientChange, before: ClientRow | null): ClientRow['kind'] {
  if (change.kind !== undefined) return change.kind;
  return before === null || (before.kind === 'spa' && change.secret !== undefined)
    ? 'web'
    : before.kind;
}

function isNewSecret(
  given: string | undefined,
  serviceId: string,
  { auth, sealedSecret }: ClientRow,
  { communityId, sealer }: SecretsOf,
): boolean {
  if (given === undefined || auth === 'none') return false;
  if (sealedSecret === null) return true;
  const context = clientSecretContext(communityId, serviceId);
  return sealer.open(sealedSecret, context).toString() !== given;
}

function seal(secret: string, serviceId: string, { communityId, sealer }: SecretsOf): Buffer {
  return sealer.seal(secret, clientSecretContext(communityId, serviceId));
}

function either<Value>(
  given: Value | null | undefined,
  stored: Value | null | undefined,
): Value | null {
  return given === undefined ? (stored ?? null) : given;
}

const NAMES: Partial<Record<keyof ServiceRow, string>> = {
  accessGroups: 'access',
  reader: 'ldap.password',
};

/**
 * What differs, by the names of the file; a client that comes or goes is told by its id. Where a service
 * stands is a matter of all of them (`place-services.ts`).
 */
export function changedFields({ before, after, hasNewSecret }: SettledService): string[] {
  if (before === undefined) return [];
  const keys = (Object.keys(after) as (keyof ServiceRow)[]).filter(
    (key) => key !== 'client' && key !== 'position' && !isDeepStrictEqual(before[key], after[key]),
  );
  const fields = keys.map((key) => NAMES[key] ?? key);
  return [...new Set(fields), ...clientFields(before.client, after.client, hasNewSecret)];
}

function clientFields(
  before: ClientRow | null,
  after: ClientRow | null,
  hasNewSecret: boolean,
): string[] {
  if (before === null || after === null) return before === after ? [] : ['client.id'];
  const keys = (Object.keys(after) as (keyof ClientRow)[]).filter((key) =>
    key === 'sealedSecret' ? hasNewSecret : !isDeepStrictEqual(before[key], after[key]),
  );
  return keys.map((key) => `client.${key === 'sealedSecret' ? 'secret' : key}`);
}
