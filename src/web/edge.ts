import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import type { Cidr } from '../config/config.ts';

/** What the edge believes of a request; everything behind it asks here, never the headers. */
export type EdgeView = {
  /** The visitor's address. */
  ip: string;
  /** Lower case, with the port where the client named one. */
  host: string;
};

/** A forwarded header of a trusted proxy cannot be read: the request is refused (fails closed). */
export class ForwardedHeaderError extends Error {
  override readonly name = 'ForwardedHeaderError';
}

const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
];

/**
 * Decides who asks and for which host, and removes every forwarded header: they count only from a
 * configured proxy (invariant 8).
 * @throws ForwardedHeaderError when a trusted proxy's X-Forwarded-For holds something else than addresses
 */
export function readEdge(req: IncomingMessage, trustedProxies: readonly Cidr[]): EdgeView {
  const peer = req.socket.remoteAddress ?? '';
  const trusted = isIn(peer, trustedProxies);
  const forwardedFor = header(req, 'x-forwarded-for');
  const forwardedHost = header(req, 'x-forwarded-host');
  for (const name of FORWARDED) delete req.headers[name];
  const ip =
    trusted && forwardedFor !== undefined
      ? clientAddress(forwardedFor, trustedProxies)
      : plain(peer);
  const host = trusted && forwardedHost !== undefined ? forwardedHost : (req.headers.host ?? '');
  return { ip, host: host.trim().toLowerCase() };
}

/** The rightmost address that is not a proxy of ours: what stands left of it anyone may have written. */
function clientAddress(forwardedFor: string, trustedProxies: readonly Cidr[]): string {
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  for (const hop of hops.reverse()) {
    if (!ipaddr.isValid(hop))
      throw new ForwardedHeaderError(`unreadable X-Forwarded-For: ${hop.slice(0, 60)}`);
    if (!isIn(hop, trustedProxies)) return plain(hop);
  }
  return plain(hops[hops.length - 1] ?? '');
}

function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

function plain(ip: string): string {
  return ipaddr.isValid(ip) ? ipaddr.process(ip).toString() : '';
}

export function isIn(ip: string, networks: readonly Cidr[]): boolean {
  if (networks.length === 0) return false;
  if (!ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return networks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
}
