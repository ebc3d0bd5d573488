import type { Community, Service } from '../../domain/communities/community.ts';
import { allGroupIds, type Member } from '../../domain/memberships/member.ts';
import { pictureUrl } from '../../domain/pictures/picture-store.ts';

/** Claims by the scope that asks for them (OpenID Connect Core §5.4, and our `groups` and `community`). */
export const CLAIMS_BY_SCOPE: Record<string, string[]> = {
  openid: ['sub', 'acr', 'amr'],
  profile: [
    'name',
    'given_name',
    'family_name',
    'nickname',
    'preferred_username',
    'localpart',
    'picture',
    'locale',
    'zoneinfo',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  groups: ['groups'],
  community: ['community', 'role'],
  // For apps that want it and nothing else of the profile.
  localpart: ['localpart'],
};

/** The claims that scopes stand for, without those that every token has. */
export function claimsOfScopes(scopes: Iterable<string>): string[] {
  return [...scopes]
    .filter((scope) => scope !== 'openid')
    .flatMap((scope) => CLAIMS_BY_SCOPE[scope] ?? []);
}

/**
 * All that is known of a member, as claims; what is unknown is left out, never null or empty.
 * @param issuerUrl where the picture is to be had
 */
export function memberClaims(
  community: Community,
  member: Member,
  issuerUrl: string,
): Record<string, unknown> {
  const groups = [...allGroupIds(community, member)].map((id) => community.groups.get(id)?.name);
  const claims: Record<string, unknown> = {
    sub: member.subject,
    name: member.displayName,
    given_name: member.givenName ?? undefined,
    family_name: member.familyName ?? undefined,
    nickname: member.nickname ?? undefined,
    preferred_username: member.username,
    localpart: member.localpart ?? undefined,
    picture: member.pictureKey === null ? undefined : pictureUrl(issuerUrl, member.pictureKey),
    locale: member.locale ?? undefined,
    zoneinfo: member.zoneinfo ?? undefined,
    updated_at: member.updatedAt,
    email: member.email ?? undefined,
    // Only when it is: apps take an address that is merely said to be verified for the person.
    email_verified: member.email !== null && member.emailVerified ? true : undefined,
    groups: groups.filter((name) => name !== undefined).sort(),
    community: community.slug,
    role: member.role,
  };
  for (const [name, value] of Object.entries(claims)) if (value === undefined) delete claims[name];
  return claims;
}

/**
 * The claims for one use: no more than the service may have today, whatever was granted once. A service
 * that reads only the ID token, or only userinfo, gets them there; what a request asks for by the `claims`
 * parameter comes where it was asked for (Core §5.5).
 */
export function claimsForUse(
  service: Service,
  use: string,
  claims: Record<string, unknown>,
  asked: Record<string, unknown>,
): Record<string, unknown> {
  const claimsIn = service.client?.claimsIn ?? 'both';
  const allowed = new Set(claimsOfScopes(service.client?.scopes ?? []));
  const here = claimsIn === 'both' || claimsIn === use;
  return Object.fromEntries(
    Object.entries(claims).filter(
      ([name]) => name === 'sub' || (allowed.has(name) && (here || name in asked)),
    ),
  );
}

/**
 * What of the given claims the provider hands out: those of the granted scopes and those that were asked
 * for by name, without the refused ones (as oidc-provider filters them).
 */
export function grantedClaims(
  given: Record<string, unknown>,
  scope: string,
  asked: Record<string, unknown>,
  rejected: string[],
): Record<string, unknown> {
  const names = new Set(['sub', ...claimsOfScopes(scope.split(' ')), ...Object.keys(asked)]);
  for (const name of rejected) names.delete(name);
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name)));
}
