import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import type { Cidr } from '../config/config.ts';
import { isIn, plainAddress } from '../net/addresses.ts';
import { normalHost } from '../text/host-name.ts';

/** What the edge believes of a request; everything behind it asks here, never the headers. */
export type EdgeView = {
  /** The visitor's address. */
  ip: string;
  /** In normal form, with the port where the client named one; empty for what is no host. */
  host: string;
};

/** A forwarded header of a trusted proxy cannot be read: the request is refused (fails closed). */
export class ForwardedHeaderError extends Error {
  override readonly name = 'ForwardedHeaderError';
}

/** The request's target is neither a path nor a web address. */
export class RequestTargetError extends Error {
  override readonly name = 'RequestTargetError';
}

const NOT_ASCII = /[^\0-\x7f]/;
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
];

/**
 * Makes a path of a target that names scheme and host; that host counts instead of the Host header, and
 * stands in its place from here on (RFC 9112 §3.2.2). Whatever builds addresses from the target would
 * otherwise take a host that nobody checked.
 * @throws RequestTargetError when it is neither, with `/` in its place
 */
export function takeOriginForm(req: IncomingMessage): void {
  const target = req.url ?? '';
  if (target.startsWith('/')) return;
  req.url = '/';
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null;
  if (url === null) throw new RequestTargetError('the request target is no web address');
  req.url = url.pathname + url.search;
  req.headers.host = url.host;
}

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
  const client =
    trusted && forwardedFor !== undefined
      ? clientAddress(forwardedFor, trustedProxies)
      : { ip: plainAddress(peer), proxies: 1 };
  const host =
    trusted && forwardedHost !== undefined
      ? askedHost(forwardedHost, client.proxies)
      : (req.headers.host ?? '');
  return { ip: client.ip, host: normalHost(asText(host)) ?? '' };
}

/**
 * The rightmost address that is not a proxy of ours: what stands left of it anyone may have written.
 * `proxies`: how many of ours the request came through.
 */
function clientAddress(
  forwardedFor: string,
  trustedProxies: readonly Cidr[],
): { ip: string; proxies: number } {
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  for (const [index, hop] of hops.reverse().entries()) {
    if (!ipaddr.isValid(hop))
      throw new ForwardedHeaderError(`unreadable X-Forwarded-For: ${hop.slice(0, 60)}`);
    if (!isIn(hop, trustedProxies)) return { ip: plainAddress(hop), proxies: index + 1 };
  }
  return { ip: plainAddress(hops[hops.length - 1]), proxies: hops.length };
}

/**
 * The host that the outermost proxy of ours was asked for. Some proxies replace the header, others add to
 * its end; what stands before what ours wrote, the visitor may have.
 */
function askedHost(forwardedHost: string, proxies: number): string {
  const hosts = forwardedHost.split(',');
  return hosts[Math.max(0, hosts.length - proxies)] ?? '';
}

/** Some programs send a name with accents as it is; Node gives each of its bytes for a character. */
function asText(value: string): string {
  if (!NOT_ASCII.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : value;
}

function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
