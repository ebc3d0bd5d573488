import type { Community, Service } from '../communities/community.ts';
import { accessTo, type Member } from '../memberships/member.ts';

/** A service whose own session goes on after a sign-out. */
export type OpenService = {
  name: string;
  url?: string | undefined;
  /** For how long at the most, where the community knows. */
  days?: number | undefined;
  hours?: number | undefined;
};

/** Where a member may be signed in. */
export type SignedInTo = {
  /** Clients of the session that ends; undefined: any, on whatever device. */
  clientIds?: ReadonlySet<string> | undefined;
  /** A client that ends its own session: it asked for the sign-out. */
  asked?: string | undefined;
};

/**
 * The services that do not hear of a member's sign-out, so that whoever is signed in there stays so: those
 * without back-channel logout, and those that know their members by LDAP and sign them in by themselves.
 */
export function staysOpen(
  community: Community,
  member: Member,
  { clientIds, asked }: SignedInTo,
): Service[] {
  return community.services.filter((service) => {
    const { client, hasReader } = service;
    if (client?.backchannelLogoutUri != null) return false;
    if (hasReader) return accessTo(community, service, member).allowed;
    if (client === null || client.clientId === asked || !signsPeopleIn(client.grantTypes))
      return false;
    return clientIds === undefined
      ? accessTo(community, service, member).allowed
      : clientIds.has(client.clientId);
  });
}

export function toOpenService({ name, url, sessionHours: hours }: Service): OpenService {
  const lasts = hours === null ? {} : hours % 24 === 0 ? { days: hours / 24 } : { hours };
  return { name, url: url ?? undefined, ...lasts };
}

function signsPeopleIn(grantTypes: readonly string[]): boolean {
  return grantTypes.some(
    (grant) => grant === 'authorization_code' || grant.endsWith(':device_code'),
  );
}
