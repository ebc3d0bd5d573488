import { normalHost } from '../../platform/text/host-name.ts';
import type { Fault } from '../refused-changes.ts';

/** The form in which browsers send a host name: lower case, ASCII (IDNA), port kept unless it is that of https. */
export function canonicalHost(value: string): string | undefined {
  const host = normalHost(value)?.replace(/:443$/, '');
  return host !== undefined && /^[a-z0-9][a-z0-9.:-]*$/.test(host) ? host : undefined;
}

/** What is wrong with a host name of a community's own; undefined when nothing is. */
export function hostFault(value: string): string | undefined {
  return canonicalHost(value) === undefined
    ? 'must be a host name alone, such as login.example.org, without https:// and without a path'
    : undefined;
}

/** The same for one that LDAP is known by: certificates know no port. */
export function ldapHostFault(value: string): string | undefined {
  return /^[^:]+$/.test(canonicalHost(value) ?? '')
    ? undefined
    : 'must be a host name alone, such as ldap.example.org, without ldaps:// and without a port';
}

/**
 * The hub's own host is no community's.
 * @param hubUrl base URL of the hub; whoever gives hosts gives it
 */
export function hubHostFaults(
  hosts: readonly string[],
  hubUrl: string | undefined,
  key: 'hosts' | 'ldapHosts' = 'hosts',
): Fault[] {
  if (hosts.length === 0) return [];
  if (hubUrl === undefined) throw new Error('hosts were given without the address of the hub');
  const { host, hostname } = new URL(hubUrl);
  const own = key === 'hosts' ? host : hostname;
  const fault = `is the hub's own host (${hubUrl}): give a host of the community's own`;
  return hosts.flatMap((host, place) =>
    canonicalHost(host) === own
      ? [{ code: 'host-taken', path: [key, place], subject: `"${host}"`, fault }]
      : [],
  );
}
