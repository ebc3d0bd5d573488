import ipaddr from 'ipaddr.js';

const LOOPBACKS = ['localhost', '127.0.0.1', '[::1]'];
const PRIVATE_SUFFIXES = ['.localhost', '.local', '.lan', '.internal', '.home.arpa', '.test'];

/** What is wrong with a web address that a browser or the hub is sent to; undefined when nothing is. */
export function webUriFault(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !isWeb(url))
    return 'must be an absolute web address, such as https://app.example.org/path';
  return commonFault(value, url) ?? plainHttpFault(url);
}

/** The provider, as OpenID Connect Core §4, sends a browser there over https only. */
export function initiateLoginUriFault(value: string): string | undefined {
  const fault = webUriFault(value);
  return (
    fault ??
    (value.startsWith('https:') ? undefined : 'must begin with https:// (OpenID Connect Core §4)')
  );
}

/**
 * What is wrong with an address that a browser is sent back to (RFC 6749 §3.1.2, RFC 8252 §7): web
 * addresses, or a scheme that a native app owns.
 */
export function redirectUriFault(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null) return 'must be an absolute address, such as https://app.example.org/callback';
  if (isWeb(url)) return webUriFault(value);
  if (!url.protocol.includes('.')) {
    return 'must begin with https://, or with the scheme of a native app written as a domain in reverse, such as org.example.app:/callback (RFC 8252 §7.1)';
  }
  return commonFault(value, url);
}

/** A client with a native redirect takes plain http at the loopback only, and https elsewhere only. */
export function nativeUriFault(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !isWeb(url)) return undefined;
  const isLoopback = LOOPBACKS.includes(url.hostname);
  if (isLoopback === (url.protocol === 'http:')) return undefined;
  return isLoopback
    ? 'must begin with http:// at the loopback, because this client also has the scheme of a native app'
    : 'must begin with https://, because this client also has the scheme of a native app';
}

export function isNativeUri(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && !isWeb(url);
}

function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function commonFault(value: string, url: URL): string | undefined {
  if (value.includes('#')) return 'must not have a fragment (#…)';
  if (value !== value.trim() || /[\s\p{Cc}]/u.test(value)) return 'must not have spaces';
  if (value.includes('*')) return 'must be one exact address: * stands for nothing';
  if (url.username !== '' || url.password !== '') return 'must not have a user or password in it';
  return undefined;
}

function plainHttpFault(url: URL): string | undefined {
  return url.protocol === 'https:' || isPrivateHost(url.hostname)
    ? undefined
    : 'must begin with https://: plain http is for the loopback and for private networks';
}

function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(bare))
    return ['loopback', 'private', 'uniqueLocal', 'linkLocal'].includes(
      ipaddr.process(bare).range(),
    );
  return !hostname.includes('.') || PRIVATE_SUFFIXES.some((suffix) => hostname.endsWith(suffix));
}
