import { domainToASCII } from 'node:url';

/** What is in its normal form as it stands: no number as an address may be, no punycode. */
const USUAL_HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?(?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?$/;
/** Ports that browsers leave out. */
const USUAL_PORTS = ['80', '443'];

/**
 * A host, with its port where there is one, in the form in which hosts are compared: lower case, ASCII (IDNA),
 * without the dot that ends a whole name (RFC 1034 §3.1).
 * @returns undefined for what is no host
 */
export function normalHost(value: string): string | undefined {
  if (value.length <= 253 && USUAL_HOST.test(value) && !value.includes('xn--')) return value;
  const match = /^(?:(\[[0-9a-f:.]+\])|([^\s:/?#@%\\[\]]+))(?::(\d{0,5}))?$/i.exec(value.trim());
  if (match === null) return undefined;
  const [, address, name = '', port = ''] = match;
  const host = address === undefined ? normalName(name) : URL.parse(`http://${address}`)?.hostname;
  if (host === undefined || Number(port) > 65_535) return undefined;
  return port === '' ? host : `${host}:${Number(port)}`;
}

/** A host in its normal form, and without a port that a browser would have left out. */
export function hostForms(host: string): string[] {
  const match = /^(.*):(\d+)$/.exec(host);
  return match !== null && USUAL_PORTS.includes(match[2] as string)
    ? [host, match[1] as string]
    : [host];
}

/** Whether two origins are one (RFC 6454 §5), however their hosts are written. */
export function isSameOrigin(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (a === null || b === null || a.protocol !== b.protocol) return false;
  const host = normalHost(a.host);
  return host !== undefined && host === normalHost(b.host);
}

function normalName(name: string): string | undefined {
  const ascii = domainToASCII(name).replace(/\.$/, '');
  return ascii.length <= 253 && /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/.test(ascii)
    ? ascii
    : undefined;
}
