import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Cidr } from '../config/config.ts';

/**
 * One spelling for each address: IPv4 in its own form also where the socket listens on IPv6, and without the
 * zone that a link-local one has on this machine only. Empty for what is no address.
 */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  // Nearly all are; both forms of one are what sockets tell.
  const unmapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (isIPv4(unmapped)) return unmapped;
  if (!ipaddr.isValid(address)) return '';
  return ipaddr.process(address.replace(/%.*/, '')).toString();
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

export function isIn(address: string, networks: readonly Cidr[]): boolean {
  if (networks.length === 0 || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some(
    ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
  );
}
