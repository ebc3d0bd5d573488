import ipaddr from 'ipaddr.js';
import type { Cidr } from '../../../platform/config/config.ts';

/** One spelling for each address; IPv4 in its own form also where the socket listens on IPv6. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return '';
  return ipaddr.process(address).toString();
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

export function isIn(address: string, networks: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some(
    ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
  );
}
