import ipaddr from 'ipaddr.js';
import type { CLIENT_KINDS } from './service-choices.ts';

/**
 * What kind of program a client is; a service says it, and nothing is guessed from its addresses.
 * `web`: pages on a server. `spa`: pages whose scripts do it all in the browser, without a secret.
 * `native`: a program on a phone or a computer, alone or beside its server, with a secret or without.
 */
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** What decides which addresses a client may have. */
export type AddressRule = {
  kind: ClientKind;
  /** Whether a native client may also have plain http addresses in private networks. */
  lanHttp: boolean;
};

/** Where a program on the same machine listens (RFC 8252 §7.3). */
const LOOPBACKS = ['127.0.0.1', '[::1]', 'localhost'];
const PRIVATE_SUFFIXES = ['.localhost', '.local', '.lan', '.internal', '.home.arpa', '.test'];

/**
 * Schemes that are no app's own: browsers and systems run, show or open what follows them, or hand it to
 * whatever program is registered for everybody's use of it.
 */
const FOREIGN_SCHEMES = new Set(
  `javascript vbscript livescript mocha data blob file filesystem about view-source intent android-app content
  ws wss ftp ftps sftp tftp mailto tel sms smsto mms callto facetime sip sips geo market itms itms-apps
  resource jar mhtml res mk shell search hcp help wyciwyg cid mid urn tag news nntp gopher wais telnet tn3270
  ssh ldap ldaps smb nfs afp dav davs git svn feed webcal magnet bitcoin irc ircs xmpp rtsp acap imap pop localhost
  googlechrome firefox firefox-focus x-javascript jscript wscript steam shortcuts workflow
  x-web-search jnlp jnlps`.split(/\s+/),
);
/** Families of such schemes: the browsers' own pages, Windows' protocol handlers, websites' handlers. */
const FOREIGN_FAMILIES =
  /^(googlechrome|chrome|edge|opera|brave|vivaldi|devtools|moz|safari|microsoft|ms|search-ms|x-safari|touch)(-.*|$)|^x-apple|^com-apple-|^web\+|-extension$/;

/** What is wrong with a web address that a browser or the hub is sent to; undefined when nothing is. */
export function webUriFault(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !isWeb(url))
    return 'must be an absolute web address, such as https://app.example.org/path';
  return shapeFault(value, url) ?? plainHttpFault(url);
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
 * What is wrong with an address that a browser is sent back to, whatever the kind of its client (RFC 6749
 * §3.1.2, RFC 8252 §7, RFC 9700 §4.1): a web address, or one with a scheme that only an app has.
 */
export function redirectUriFault(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null) return 'must be an absolute address, such as https://app.example.org/callback';
  if (isWeb(url)) return webUriFault(value);
  const scheme = url.protocol.slice(0, -1);
  if (FOREIGN_SCHEMES.has(scheme) || FOREIGN_FAMILIES.test(scheme)) {
    return `must begin with https://, or with the scheme of a native app, such as org.example.app:/callback (RFC 8252 §7.1): ${scheme}: is no app's own`;
  }
  return shapeFault(value, url);
}

/** The same for a client of this kind. */
export function clientUriFault(value: string, { kind, lanHttp }: AddressRule): string | undefined {
  const fault = redirectUriFault(value);
  const url = URL.parse(value);
  if (fault !== undefined || url === null) return fault;
  if (!isWeb(url)) {
    return kind === 'native'
      ? undefined
      : 'has the scheme of a program on a phone or a computer: say kind: native for such a client';
  }
  if (kind !== 'native') return undefined;
  const isLoopback = LOOPBACKS.includes(url.hostname);
  if (url.protocol === 'https:') {
    return isLoopback
      ? 'must begin with http:// at the loopback: a native client has no certificate there (RFC 8252 §7.3)'
      : undefined;
  }
  return isLoopback || lanHttp
    ? undefined
    : 'must begin with https://: a native client has plain http at the loopback only, unless its lanHttp is true';
}

/**
 * Whether an address is one of those that were registered: the very same text, and nothing but that, save
 * that a native client may listen on whatever port of the loopback it gets (RFC 8252 §7.3), and that its
 * address there is the same with and without a lone slash at the end of the host.
 */
export function isRegisteredUri(
  value: string,
  registered: readonly string[],
  kind: ClientKind,
): boolean {
  if (registered.includes(value)) return true;
  if (kind !== 'native') return false;
  const asked = loopbackPlace(value);
  return asked !== undefined && registered.some((uri) => loopbackPlace(uri) === asked);
}

/**
 * Whether another program on the same machine could be given what is sent there (RFC 8252 §8.6): anybody
 * may register a scheme, or listen on a port.
 */
export function mayBeClaimedByOthers(value: string): boolean {
  const url = URL.parse(value);
  return url === null || !isWeb(url) || LOOPBACKS.includes(url.hostname);
}

/** An address at the loopback without its port, read from the text itself: no parser may bend it. */
function loopbackPlace(value: string): string | undefined {
  const parts =
    /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?((?:[/?][\x21-\x7e]*)?)$/.exec(
      value,
    );
  if (parts === null || /[\\#]/.test(value)) return undefined;
  const [, host, rest = ''] = parts;
  return `${host}${rest.startsWith('/') ? rest : `/${rest}`}`;
}

function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function shapeFault(value: string, url: URL): string | undefined {
  if (value.includes('#')) return 'must not have a fragment (#…)';
  if (/[\s\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(value)) return 'must not have spaces';
  if (value.includes('\\')) return 'must not have a backslash';
  if (value.includes('*')) return 'must be one exact address: * stands for nothing';
  if (url.username !== '' || url.password !== '' || /^[^/?]*\/\/[^/?]*@/.test(value))
    return 'must not have a user or password in it';
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
    return ['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'].includes(
      ipaddr.process(bare).range(),
    );
  return !hostname.includes('.') || PRIVATE_SUFFIXES.some((suffix) => hostname.endsWith(suffix));
}
