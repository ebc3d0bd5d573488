import ipaddr from 'ipaddr.js';
import { normalHost } from '../text/host-name.ts';
import type { Env } from './env.ts';

export type OwnHostsConfig = {
  /** Resolvers that are asked for what shows a host's owner, as `ADDRESS` or `ADDRESS:PORT`; empty: the machine's. */
  dnsServers: string[];
  /** Names that no community may claim, nor what is below them; in normal form. */
  reserved: string[];
};

export function parseOwnHosts(
  env: Env,
  fault: (variable: keyof Env, message: string) => void,
): OwnHostsConfig {
  const words = (variable: keyof Env) => (env[variable] ?? '').split(/[\s,]+/).filter(Boolean);
  const dnsServers = words('TROUSSEAU_DNS_SERVERS').flatMap((word) => {
    const server = dnsServer(word);
    if (server !== undefined) return server;
    const example = 'such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53';
    fault('TROUSSEAU_DNS_SERVERS', `"${word}" is not an IP address, ${example}`);
    return [];
  });
  const reserved = words('TROUSSEAU_RESERVED_HOSTS').flatMap((word) => {
    const name = normalHost(word.replace(/^\*?\./, ''));
    if (name !== undefined && !name.includes(':')) return name;
    fault('TROUSSEAU_RESERVED_HOSTS', `"${word}" is not a name, such as example.org`);
    return [];
  });
  return { dnsServers, reserved };
}

/** As `dns.setServers` takes it. */
function dnsServer(word: string): string | undefined {
  const match = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(word);
  const address = match?.[1] ?? match?.[2] ?? word;
  const port = match?.[3] ?? '53';
  const isIpv6 = ipaddr.IPv6.isValid(address);
  if (!isIpv6 && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  if (Number(port) === 0 || Number(port) > 65_535) return undefined;
  return isIpv6 ? `[${address}]:${port}` : `${address}:${port}`;
}
