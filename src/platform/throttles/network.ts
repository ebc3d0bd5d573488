import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** IPv4 addresses as they are; of an IPv6 address the /64 that one household or attacker has whole. */
export function networkOf(ip: string): string {
  if (isIPv4(ip)) return ip;
  const address = parse(ip);
  if (address === undefined) return 'unknown';
  return address.kind() === 'ipv4' ? address.toString() : prefixOf(address as ipaddr.IPv6, 64);
}

/**
 * The neighbourhood that an attacker may have whole: of IPv4 the /24, of IPv6 the /48 that a site is
 * given (RFC 6177), of which there are 65,536 households' /64.
 */
export function neighbourhoodOf(ip: string): string {
  const address = parse(ip);
  if (address === undefined) return 'unknown';
  if (address.kind() === 'ipv6') return prefixOf(address as ipaddr.IPv6, 48);
  return `${(address as ipaddr.IPv4).octets.slice(0, 3).join('.')}.0/24`;
}

/** IPv4 addresses that come mapped into IPv6 are IPv4. */
function parse(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return ipaddr.isValid(ip) ? ipaddr.process(ip) : undefined;
}

function prefixOf(address: ipaddr.IPv6, bits: 48 | 64): string {
  const parts = address.parts.slice(0, bits / 16).map((part) => part.toString(16));
  return `${parts.join(':')}::/${bits}`;
}
